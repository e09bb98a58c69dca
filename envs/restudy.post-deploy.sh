# Snakemake runs this after it has made the conda environment, in the folder of the checkout: jobs
# record the version of this package, so it has to be installed.
python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .

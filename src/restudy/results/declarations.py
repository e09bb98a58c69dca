"""Every table that the pipeline writes, declared once, one line a column."""

from __future__ import annotations

from collections.abc import Mapping

from restudy.results.schema import Column, Kind, Role, Sample, Table, Tolerance, Type

TEXT, INTEGER, NUMBER, BOOLEAN = Type.TEXT, Type.INTEGER, Type.NUMBER, Type.BOOLEAN
KEY, FIXED, VERDICT, WORDS = Role.KEY, Role.FIXED, Role.VERDICT, Role.WORDS

SIMULATED = Tolerance(
    0.002,
    1e-9,
    "shares of 2,000 simulations or more with random numbers that are the same everywhere: four "
    "of them may lie so near an end that the last digit decides",
)
COUNTED = Tolerance(0.0, 0.0, "shapes and numbers of samples")


_FACTOR = Column("factors", TEXT, "level of each factor of the study", KEY)
_REASON = (
    Column("reason", TEXT, "why: codes, joined by semicolons", WORDS),
    Column("reason_args", TEXT, "JSON list of the arguments of each code", WORDS),
)
_STATUS = (Column("status", TEXT, "what became of it", VERDICT), *_REASON)
_REDUCTIONS = Column("reductions", TEXT, "JSON list of what the scale reduces", FIXED)
_DESIGN = (
    Column("redesigned", BOOLEAN, "whether the test was changed after a look at runs", FIXED),
    Column("redesigned_text", TEXT, "how", FIXED),
    Column("exploratory", BOOLEAN, "whether the test takes no part in the verdict", FIXED),
    Column("exploratory_text", TEXT, "why", FIXED),
)
_N = Column("n", INTEGER, "runs with a value")
_SD = Column("sd", NUMBER, "standard deviation over seeds")
_P = Column("p", NUMBER, "p value of no effect")

_CLAIM = Column("claim", TEXT, "id of the claim", KEY)
_ERRATUM = Column("erratum", TEXT, "id of the erratum", KEY)
_SEARCH = Column("search", TEXT, "id of the question", KEY)
_MEASURED = Column("metric", TEXT, "what is measured", FIXED)
_UNIT = Column("unit", TEXT, "unit of all numbers in the row", FIXED)
_PRINTED = Column("value", TEXT, "the number as printed", FIXED)
_LAST = Column("metric", TEXT, "metric after the last epoch", KEY)
_EPOCH = Column("epoch", INTEGER, "from 1", KEY)
_CLAIM_HEAD = (
    Column("id", TEXT, "id of the claim", KEY),
    Column("source", TEXT, "sources that make it"),
    Column("topic", TEXT, "its topic"),
    Column("statement", TEXT, "the claim"),
)
_COMPARED = (_MEASURED, _UNIT, _PRINTED)
_INTERVAL = (
    Column("ci_low", NUMBER, "lower end of the 95% interval"),
    Column("ci_high", NUMBER, "upper end of the 95% interval"),
)
_OURS = (
    Column("mean", NUMBER, "mean of our runs", unit="of the row"),
    Column("sd", NUMBER, "standard deviation of our runs", unit="of the row"),
)

PUBLISHED = Table(
    "published",
    "published number",
    Kind.SAMPLED,
    (
        Column("id", TEXT, "id of the number", KEY),
        Column("source", TEXT, "source that prints it", FIXED),
        Column("experiment", TEXT, "experiment of the source", FIXED),
        _MEASURED,
        _UNIT,
        Column("split_as_labelled", TEXT, "samples that the source says it is taken on"),
        Column("split_really", TEXT, "samples that it is taken on"),
        _PRINTED,
        *_OURS,
        Column("n", INTEGER, "number of our runs"),
        Column("pi_low", NUMBER, "lower end of the 95% prediction interval for one more run"),
        Column("pi_high", NUMBER, "upper end of the 95% prediction interval for one more run"),
        Column("difference", NUMBER, "`value` minus `mean`", unit="of the row"),
        Column("distance", NUMBER, "of an inconsistent value, from the interval"),
        Column("corrected_mean", NUMBER, "mean of runs with the source's error corrected"),
        Column("corrected_pi_low", NUMBER, "lower end of their prediction interval"),
        Column("corrected_pi_high", NUMBER, "upper end of their prediction interval"),
        *_STATUS,
        Column("study", TEXT, "study of our runs", FIXED),
        _REDUCTIONS,
    ),
    whole=True,
)

_TESTS = (
    _CLAIM,
    Column("topic", TEXT, "family of the tests that p values are adjusted in"),
    Column("test", INTEGER, "number of the claim's test", KEY),
    Column("study", TEXT, "study or experiment", KEY),
    Column("dataset", TEXT, "data set, or `all`", KEY),
    Column("metric", TEXT, "what is measured", FIXED),
    Column("contrast", TEXT, "what is compared with what", FIXED),
    Column("expected", TEXT, "direction that the claim predicts", FIXED),
    Column("scale_of", TEXT, "`difference` or `ratio`", FIXED),
    Column("treatment", NUMBER, "mean of the first side over seeds; of a trend its last level"),
    Column("control", NUMBER, "mean of the second side over seeds; of a trend its first level"),
    Column("effect", NUMBER, "difference or ratio of the sides"),
    *_INTERVAL,
    Column("n", INTEGER, "seeds"),
    Column("sd", NUMBER, "standard deviation over seeds; of a ratio that of its log"),
    _P,
    Column("p_equal", NUMBER, "p value of an effect beyond the margin, for claims of equality"),
    Column("p_adjusted", NUMBER, "p value of the prediction, adjusted by topic (Holm)"),
    Column("p_contradicts", NUMBER, "p value of the opposite, adjusted by topic (Holm)"),
    Column("margin", NUMBER, "smallest effect that is meaningful", FIXED),
    Column("verdict", TEXT, "[verdict](verdicts.md) of the test", VERDICT),
    Column(
        "low_power", BOOLEAN, "whether an effect of the margin is missed in 1 of 5 cases", VERDICT
    ),
    Column("diverged", INTEGER, "runs that took part and have no finite loss"),
    Column(
        "n_excluded", INTEGER, "combinations without a number on one side, or without a contest"
    ),
    _REDUCTIONS,
    *_REASON,
    *_DESIGN,
)
CLAIM_TESTS = Table(
    "claim_tests",
    "claim, test and data set",
    Kind.SAMPLED,
    _TESTS,
    sample=Sample(mean="effect", log="scale_of"),
    whole=True,
)
TIMED_CLAIM_TESTS = Table("timed_claim_tests", "test of a claim about time", Kind.TIMED, _TESTS)
TIMED_CLAIMS = Table(
    "timed_claims",
    "claim about time",
    Kind.TIMED,
    (
        *_CLAIM_HEAD,
        Column("verdict", TEXT, "verdict of all tests together", VERDICT),
        Column("of_times", TEXT, "verdict of the tests of times alone", VERDICT),
        Column("of_counts", TEXT, "verdict of the other tests alone", VERDICT),
        *_REASON,
    ),
)

FORENSICS = Table(
    "search_candidates",
    "configuration search, candidate and published value",
    Kind.SAMPLED,
    (
        _SEARCH,
        Column("source", TEXT, "its source"),
        Column("study", TEXT, "the search", FIXED),
        Column("candidate", TEXT, "levels of the candidate", KEY),
        Column("published", TEXT, "id of the number that it must give", KEY),
        *_COMPARED,
        Column("n", INTEGER, "runs with a value"),
        Column("diverged", INTEGER, "runs without one"),
        *_OURS,
        Column(
            "pi_low", NUMBER, "lower end for one more run, of level 1 - 0.05 / number of values"
        ),
        Column("pi_high", NUMBER, "upper end for one more run, of the same level"),
        Column("sds", NUMBER, "distance from the mean", unit="standard deviations"),
        Column("misses", NUMBER, "distance from the interval's middle", unit="half widths"),
        Column("fits", TEXT, "whether it lies inside; empty where it judges nothing", VERDICT),
        Column("verdict", TEXT, "`compatible`, `ruled_out` or `pending`", VERDICT),
        *_REASON,
    ),
)
PUZZLES = Table(
    "configuration_searches",
    "search",
    Kind.DERIVED,
    (
        _SEARCH,
        Column("source", TEXT, "its source"),
        Column("title", TEXT, "what is searched"),
        Column("question", TEXT, "what the source leaves out"),
        Column("study", TEXT, "the search"),
        Column("compatible", INTEGER, "candidates that fit"),
        Column("ruled_out", INTEGER, "candidates that do not"),
        Column("not_yet", INTEGER, "candidates that are not judged"),
        *_REASON,
    ),
)

ERRATA_SHOWN = Table(
    "erratum_effects",
    "effect of an erratum",
    Kind.SAMPLED,
    (
        _ERRATUM,
        Column("source", TEXT, "its source", FIXED),
        Column("severity", TEXT, "its severity", FIXED),
        Column("description", TEXT, "what is measured", KEY),
        Column("study", TEXT, "study or experiment"),
        _N,
        Column("as_published", NUMBER, "mean with the mistake"),
        Column("corrected", NUMBER, "mean without it"),
        Column("difference", NUMBER, "`as_published` minus `corrected`"),
        *_INTERVAL,
        _P,
        _REDUCTIONS,
        *_REASON,
        *_DESIGN,
    ),
    sample=Sample(mean="difference", sd=""),
)
CONTRASTS = Table(
    "printed_differences",
    "printed difference of two single runs that an erratum names",
    Kind.SAMPLED,
    (
        _ERRATUM,
        Column("source", TEXT, "its source", FIXED),
        Column("description", TEXT, "what is compared", KEY),
        Column("first", TEXT, "id of the first published number", FIXED),
        Column("second", TEXT, "id of the second", FIXED),
        Column("printed", NUMBER, "the first minus the second, shares for percent", FIXED),
        Column("n", INTEGER, "pairs of our runs"),
        Column("mean", NUMBER, "mean of our differences, in pairs"),
        *_INTERVAL,
        _P,
        Column("n_opposite", INTEGER, "pairs with a difference of the opposite sign"),
        Column("sign", TEXT, "whether the [sign](verdicts.md#errata) is kept", VERDICT),
        _REDUCTIONS,
        *_REASON,
    ),
    sample=Sample(sd=""),
    whole=True,
)

CLAIMS = Table(
    "claims",
    "claim",
    Kind.DERIVED,
    (
        *_CLAIM_HEAD,
        Column("scope", TEXT, "whether it can be tested here"),
        Column("metric", TEXT, "what it is about"),
        *_STATUS,
    ),
)
ERRATA = Table(
    "errata",
    "mistake",
    Kind.DERIVED,
    (
        Column("id", TEXT, "id of the erratum", KEY),
        Column("source", TEXT, "its source"),
        Column("where", TEXT, "where it stands"),
        Column("category", TEXT, "its kind"),
        Column("severity", TEXT, "its severity"),
        Column("what_is_wrong", TEXT, "the mistake"),
        *_STATUS,
    ),
)
SYSTEMS = Table(
    "systems",
    "component that a source describes",
    Kind.DERIVED,
    (
        Column("id", TEXT, "id of the component", KEY),
        Column("source", TEXT, "its source"),
        Column("kind", TEXT, "its kind"),
        Column("name", TEXT, "its name"),
        Column("description", TEXT, "what it does"),
        *_STATUS,
    ),
)
FIGURES = Table(
    "figures",
    "figure of a source",
    Kind.DERIVED,
    (
        Column("id", TEXT, "id of the figure", KEY),
        Column("source", TEXT, "its source"),
        Column("experiment", TEXT, "experiment of the source"),
        Column("title", TEXT, "what it shows"),
        Column("figure", TEXT, "our figure that shows the same"),
        *_STATUS,
    ),
)
STATUSES = Table(
    "statuses",
    "kind of evidence",
    Kind.DERIVED,
    (Column("kind", TEXT, "table that is counted", KEY),),
    others=Column("statuses", INTEGER, "rows with each status"),
)

_PAIRS = (
    _CLAIM,
    Column("sources", TEXT, "sources that make it"),
    Column("statement", TEXT, "the claim"),
    Column("verdict", TEXT, "its verdict", VERDICT),
    Column("other", TEXT, "id of the contradicting claim; empty for a number or a remark", KEY),
    Column("other_sources", TEXT, "sources that make it"),
    Column("other_statement", TEXT, "the contradicting claim"),
    Column("other_verdict", TEXT, "its verdict", VERDICT),
    Column("how", TEXT, "how the claims contradict each other", KEY),
)
CONTRADICTIONS = Table("contradictions", "pair of claims", Kind.DERIVED, _PAIRS)
TIMED_CONTRADICTIONS = Table(
    "timed_contradictions", "pair of claims about time", Kind.TIMED, _PAIRS
)

CALIBRATION = Table(
    "calibration",
    "simulated property of a statistical method",
    Kind.EXACT,
    (
        Column(
            "measure",
            TEXT,
            "`coverage`, `false positives`, `power`, `wrong verdicts` (share of the decided "
            "claims) or `supported` (share of the claims that hold)",
            KEY,
        ),
        Column("description", TEXT, "interval or test", KEY),
        Column("distribution", TEXT, "of the simulated values", KEY),
        Column("n", INTEGER, "values in a sample", KEY),
        Column("nominal", NUMBER, "what it promises", unit="share"),
        Column("repetitions", INTEGER, "simulations"),
        Column("estimate", NUMBER, "what was found", unit="share"),
        Column("mc_error", NUMBER, "Monte Carlo standard error of the estimate", unit="share"),
    ),
    tolerance=SIMULATED,
)
FACTS = Table(
    "facts",
    "fact about a data set",
    Kind.EXACT,
    (
        Column("id", TEXT, "id of the published number", KEY),
        Column("fact", TEXT, "data set and fact", FIXED),
        Column("ours", TEXT, "its value here", FIXED),
    ),
    tolerance=COUNTED,
)

EVIDENCE_TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        *(PUBLISHED, CLAIMS, ERRATA, SYSTEMS, FIGURES, STATUSES, CLAIM_TESTS, TIMED_CLAIMS),
        *(TIMED_CLAIM_TESTS, FORENSICS, PUZZLES, CONTRADICTIONS, TIMED_CONTRADICTIONS),
        *(ERRATA_SHOWN, CONTRASTS, CALIBRATION, FACTS),
    )
}
"""``tables/NAME.csv``."""

SUMMARY = "summary"
STUDY_TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            SUMMARY,
            "combination of levels and metric",
            Kind.SAMPLED,
            (
                _LAST,
                _N,
                Column("mean", NUMBER, "mean over seeds"),
                _SD,
                *_INTERVAL,
                Column("n_diverged", INTEGER, "runs without a value"),
                Column("wilson_low", NUMBER, "lower end of Wilson's 95% interval"),
                Column("wilson_high", NUMBER, "upper end of Wilson's 95% interval"),
            ),
            others=_FACTOR,
            sample=Sample(lost="n_diverged"),
        ),
        Table(
            "comparison",
            "entry of `compare`, level, combination of the other factors, and their mean (`all`)",
            Kind.SAMPLED,
            (
                Column("factor", TEXT, "factor that is compared", KEY),
                Column("level", TEXT, "its level", KEY),
                Column("baseline", TEXT, "level that it is compared with", KEY),
                _LAST,
                Column("n", INTEGER, "seeds"),
                Column("n_pairs", INTEGER, "pairs of runs"),
                Column("n_missing", INTEGER, "pairs lost to divergence"),
                Column("mean", NUMBER, "level minus baseline"),
                _SD,
                *_INTERVAL,
            ),
            others=_FACTOR,
        ),
        Table(
            "winners",
            "data set: the best combination by its validation mean",
            Kind.SAMPLED,
            (
                Column("dataset", TEXT, "data set, if that is a factor", KEY, optional=True),
                Column("n", INTEGER, "runs of the winner"),
                Column("metric", TEXT, "`accuracy` or `r2`", KEY),
                Column("validation", NUMBER, "mean on the validation part"),
                Column("test", NUMBER, "mean on the test set"),
                Column("test_ci_low", NUMBER, "lower end of its 95% interval"),
                Column("test_ci_high", NUMBER, "upper end of its 95% interval"),
            ),
            others=Column("factors", TEXT, "level of each factor that has won", VERDICT),
            sample=Sample(mean="test", sd="", ends=("test_ci_low", "test_ci_high")),
            choice=True,
        ),
        Table(
            "variance_components",
            "data set and source of variance (studies with the figure `grid`)",
            Kind.DERIVED,
            (
                Column("dataset", TEXT, "data set", KEY),
                Column("source", TEXT, "factor or interaction", KEY),
                Column("omega_squared", NUMBER, "omega squared", unit="share"),
                *_INTERVAL,
                Column("best", TEXT, "level with the highest mean", VERDICT),
                Column("best_mean", NUMBER, "its mean"),
                Column("worst", TEXT, "level with the lowest mean", VERDICT),
                Column("worst_mean", NUMBER, "its mean"),
                Column("seeds", INTEGER, "seeds"),
            ),
        ),
        Table(
            "timing",
            "combination of levels",
            Kind.TIMED,
            (
                Column("n_runs", INTEGER, "runs"),
                Column("runs_in_stack", INTEGER, "runs of the largest stack"),
                Column("n_epochs", INTEGER, "epochs timed, each once per stack"),
                Column("epoch_seconds", NUMBER, "a run's share of an epoch: median", unit="s"),
                Column("epoch_seconds_min", NUMBER, "the same: smallest", unit="s"),
                Column("epoch_seconds_max", NUMBER, "the same: largest", unit="s"),
                Column("run_seconds", NUMBER, "a run's share of the whole: mean", unit="s"),
            ),
            others=_FACTOR,
        ),
    )
}
"""``tables/STUDY/NAME.csv``."""

TIMED = frozenset(
    table.name
    for table in (*EVIDENCE_TABLES.values(), *STUDY_TABLES.values())
    if table.kind is Kind.TIMED
)
"""Names of the tables of times: different in each run, so neither kept nor compared."""

_PLACE = (
    Column("group", TEXT, "folder of the run's results: `groups/GROUP/`", KEY),
    Column("run", TEXT, "its id in that folder", KEY),
)
RUN_TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            "runs",
            "run",
            Kind.SAMPLED,
            (
                Column("study", TEXT, "name of the study"),
                *_PLACE,
                Column("digest", TEXT, "stands for recipe, `TRAINING_VERSION`, data and versions"),
                Column("n_train", INTEGER, "training samples"),
                Column("n_validation", INTEGER, "validation samples"),
                Column("n_test", INTEGER, "test samples"),
                Column("parameters", INTEGER, "trainable numbers of the network"),
                Column("epochs_done", INTEGER, "epochs trained"),
                Column("steps_done", INTEGER, "optimiser steps"),
                Column("status", TEXT, "`finished` or `diverged`"),
                Column("diverged_epoch", INTEGER, "first evaluated epoch without a finite loss"),
            ),
            others=Column("others", TEXT, "factors, fields of the recipe, last metrics"),
        ),
        Table(
            "history",
            "run, epoch, split and metric",
            Kind.SAMPLED,
            (
                *_PLACE,
                _EPOCH,
                Column("step", INTEGER, "optimiser steps so far"),
                Column("split", TEXT, "`train`, `validation`; `test` at the last epoch", KEY),
                Column("metric", TEXT, "name of the metric; `penalty` under `train`", KEY),
                Column("value", NUMBER, "value of the metric"),
            ),
            others=_FACTOR,
        ),
        Table(
            "timing",
            "run and epoch",
            Kind.TIMED,
            (
                *_PLACE,
                _EPOCH,
                Column("runs_in_stack", INTEGER, "runs trained at once"),
                Column("train_seconds", NUMBER, "of the stack since the last evaluation", unit="s"),
                Column("evaluation_seconds", NUMBER, "of the stack", unit="s"),
            ),
            others=_FACTOR,
        ),
        Table(
            "predictions",
            "finished run and test sample (studies with the figure `housing`)",
            Kind.SAMPLED,
            (
                Column("run", TEXT, "id of the run", KEY),
                Column("hidden", TEXT, "widths of the hidden layers"),
                Column("seed", INTEGER, "seed of the run"),
                Column("true", NUMBER, "target", unit="of the target"),
                Column("predicted", NUMBER, "prediction, in float64", unit="of the target"),
            ),
        ),
    )
}
"""``studies/STUDY/NAME.parquet``."""

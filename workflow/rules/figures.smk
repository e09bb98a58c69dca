# Figures of the studies, each drawn in the way that its file says; figures of the sources, and of
# what their claims disagree about.
#
# A figure takes less time than a job to start. So a whole run draws all of a kind by one job, from
# all studies, and a figure that is asked for by its file's name is drawn alone, from its own study.
LEARNING_CURVES = studies_drawn_as("learning_curves")

with told_without_traceback():
    SOURCE_FIGURES = figure_availability.load_source_figures(EVIDENCE.published)
    DRAWN_FIGURES = figure_availability.figures_to_draw(SOURCE_FIGURES, PLAN.studies)
    DISPUTES = contradiction_specs.drawn(
        EVIDENCE.disputes,
        PLAN.studies,
        experiments_done(EVIDENCE.experiments_tested(timed=False)),
    )
    MISSING_FIGURES = figure_availability.figures_missing(SOURCE_FIGURES, PLAN.studies)


rule plot_all_learning_curves:
    input:
        histories=collected("history", LEARNING_CURVES),
        descriptions=collected("description", LEARNING_CURVES),
    output:
        **drawn(LEARNING_CURVES, "learning_curves", "Learning curves"),
    log:
        RESULTS / "logs/plot_learning_curves.log",
    benchmark:
        RESULTS / "benchmarks/plot_learning_curves.tsv"
    resources:
        mem_mb=1200,
    message:
        "Draw the learning curves of the studies"
    script:
        "../scripts/plot_learning_curves.py"


use rule plot_all_learning_curves as plot_learning_curves with:
    input:
        histories=[rules.collect_runs.output.history],
        descriptions=[rules.collect_runs.output.description],
    output:
        **drawn(["{study}"], "learning_curves", "Learning curves"),
    log:
        RESULTS / "logs/plot_learning_curves/{study}.log",
    benchmark:
        RESULTS / "benchmarks/plot_learning_curves/{study}.tsv"
    wildcard_constraints:
        study=any_of(LEARNING_CURVES),
    message:
        "Draw the learning curves of {wildcards.study}"


rule plot_batch_size:
    input:
        runs=rules.collect_runs.output.runs,
        timing=rules.collect_runs.output.timing,
    output:
        **drawn(["{study}"], "batch_size", "Batch size"),
    log:
        RESULTS / "logs/plot_batch_size/{study}.log",
    benchmark:
        RESULTS / "benchmarks/plot_batch_size/{study}.tsv"
    wildcard_constraints:
        study=any_of(studies_drawn_as("batch_size")),
    message:
        "Draw the effect of the batch size in {wildcards.study}"
    script:
        "../scripts/plot_batch_size.py"


rule plot_grid:
    input:
        runs=rules.collect_runs.output.runs,
        description=rules.collect_runs.output.description,
    output:
        **drawn(["{study}"], "grid", "Grid"),
    log:
        RESULTS / "logs/plot_grid/{study}.log",
    benchmark:
        RESULTS / "benchmarks/plot_grid/{study}.tsv"
    wildcard_constraints:
        study=any_of(GRIDS),
    message:
        "Draw who wins where in {wildcards.study}, and what explains it"
    script:
        "../scripts/plot_grid.py"


rule plot_predictions:
    input:
        runs=rules.collect_runs.output.runs,
        history=rules.collect_runs.output.history,
        predictions=rules.predict_test_set.output,
    output:
        **drawn(["{study}"], "housing", "Housing"),
    log:
        RESULTS / "logs/plot_predictions/{study}.log",
    benchmark:
        RESULTS / "benchmarks/plot_predictions/{study}.tsv"
    wildcard_constraints:
        study=any_of(studies_drawn_as("housing")),
    message:
        "Draw the predictions of {wildcards.study}"
    script:
        "../scripts/plot_predictions.py"


rule plot_all_source_figures:
    input:
        **needed_for(DRAWN_FIGURES),
    output:
        **drawn(
            DRAWN_FIGURES,
            "source_figure",
            "Figures of the sources",
            label="figure",
            more=["txt"],
        ),
    log:
        RESULTS / "logs/plot_source_figures.log",
    benchmark:
        RESULTS / "benchmarks/plot_source_figures.tsv"
    resources:
        mem_mb=1200,
    params:
        figures=[figure.parameters() for figure in DRAWN_FIGURES.values()],
        project=PROJECT.digest(*PROJECT.drawings.values()),
    message:
        "Draw the figures of the sources as they ought to be"
    script:
        "../scripts/plot_source_figures.py"


use rule plot_all_source_figures as plot_source_figure with:
    input:
        unpack(lambda wildcards: needed_for([wildcards.figure])),
    output:
        **drawn(
            ["{figure}"],
            "source_figure",
            "Figures of the sources",
            label="figure",
            more=["txt"],
        ),
    log:
        RESULTS / "logs/plot_source_figures/{figure}.log",
    benchmark:
        RESULTS / "benchmarks/plot_source_figures/{figure}.tsv"
    wildcard_constraints:
        figure=any_of(DRAWN_FIGURES),
    params:
        figures=lambda wildcards: [DRAWN_FIGURES[wildcards.figure].parameters()],
        project=rules.plot_all_source_figures.params.project,
    message:
        "Draw {wildcards.figure} as it ought to be"


rule plot_all_contradictions:
    input:
        **needed_for_contradictions(DISPUTES),
    output:
        **drawn(DISPUTES, "dispute", "Contradictions", label="figure", more=["txt"]),
    log:
        RESULTS / "logs/plot_contradictions.log",
    benchmark:
        RESULTS / "benchmarks/plot_contradictions.tsv"
    resources:
        mem_mb=1200,
    params:
        names=list(DISPUTES),
        experiments=experiment_tables(experiments_of(DISPUTES)),
    message:
        "Draw what claims disagree about"
    script:
        "../scripts/plot_contradictions.py"


use rule plot_all_contradictions as plot_contradiction with:
    input:
        unpack(lambda wildcards: needed_for_contradictions([wildcards.figure])),
    output:
        **drawn(["{figure}"], "dispute", "Contradictions", label="figure", more=["txt"]),
    log:
        RESULTS / "logs/plot_contradictions/{figure}.log",
    benchmark:
        RESULTS / "benchmarks/plot_contradictions/{figure}.tsv"
    wildcard_constraints:
        figure=any_of(DISPUTES),
    params:
        names=lambda wildcards: [wildcards.figure],
        experiments=lambda wildcards: experiment_tables(
            experiments_of([wildcards.figure])
        ),
    message:
        "Draw what claims disagree about: {wildcards.figure}"


FIGURES = expand(
    RESULTS / "figures/{figure}.{kind}",
    figure=[*PLAN.studies, *DRAWN_FIGURES, *DISPUTES],
    kind=["svg", "pdf", "csv"],
)
if {str(Path(argument)) for argument in sys.argv} & set(FIGURES):

    ruleorder: plot_learning_curves > plot_all_learning_curves
    ruleorder: plot_source_figure > plot_all_source_figures
    ruleorder: plot_contradiction > plot_all_contradictions

else:

    ruleorder: plot_all_learning_curves > plot_learning_curves
    ruleorder: plot_all_source_figures > plot_source_figure
    ruleorder: plot_all_contradictions > plot_contradiction


# All figures, and no report. Nothing is trained as long as the studies' tables are there.
rule figures:
    input:
        FIGURES,

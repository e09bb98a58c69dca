# Figures of the studies, each drawn in the way that its file says; figures of the sources, and of
# what their claims disagree about.
#
# A figure takes less time than a job to start. So a whole run draws those of all studies by one job,
# and so on, and a figure that is asked for by its file's name is drawn alone, from its own study.
with without_traceback():
    SOURCE_FIGURES = figure_availability.load_source_figures(EVIDENCE.published)
    DRAWN_FIGURES = figure_availability.figures_to_draw(SOURCE_FIGURES, PLAN.studies)
    CONTRADICTIONS = contradiction_specs.drawn(
        EVIDENCE.contradictions,
        PLAN.studies,
        experiments_done(EVIDENCE.experiments_tested(timed=False)),
    )
    MISSING_FIGURES = {
        name: why._asdict()
        for name, why in figure_availability.figures_missing(
            SOURCE_FIGURES, PLAN.studies
        ).items()
    }


rule plot_all_studies:
    input:
        drawn_from(PLAN.studies),
    output:
        **drawn(PLAN.studies, "study_figure", "Figures of the studies", label="study"),
    log:
        RESULTS / "logs/plot_studies.log",
    benchmark:
        RESULTS / "benchmarks/plot_studies.tsv"
    resources:
        mem_mb=1200,
    params:
        studies=[RESULTS / f"studies/{study}" for study in PLAN.studies],
        code=drawing_code(PLAN.studies),
    message:
        "Draw the studies"
    script:
        "../scripts/plot_studies.py"


use rule plot_all_studies as plot_study with:
    input:
        lambda wildcards: drawn_from([wildcards.study]),
    output:
        **drawn(["{study}"], "study_figure", "Figures of the studies", label="study"),
    log:
        RESULTS / "logs/plot_studies/{study}.log",
    benchmark:
        RESULTS / "benchmarks/plot_studies/{study}.tsv"
    wildcard_constraints:
        study=any_of(PLAN.studies),
    params:
        studies=lambda wildcards: [RESULTS / f"studies/{wildcards.study}"],
        code=lambda wildcards: drawing_code([wildcards.study]),
    message:
        "Draw {wildcards.study}"


rule plot_all_source_figures:
    input:
        **needed_for(DRAWN_FIGURES),
    output:
        **drawn(DRAWN_FIGURES, "source_figure", "Figures of the sources"),
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
        **drawn(["{figure}"], "source_figure", "Figures of the sources"),
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
        **needed_for_contradictions(CONTRADICTIONS),
    output:
        **drawn(CONTRADICTIONS, "dispute", "Contradictions"),
    log:
        RESULTS / "logs/plot_contradictions.log",
    benchmark:
        RESULTS / "benchmarks/plot_contradictions.tsv"
    resources:
        mem_mb=1200,
    params:
        names=list(CONTRADICTIONS),
        experiments=experiment_tables(experiments_of(CONTRADICTIONS)),
    message:
        "Draw what claims disagree about"
    script:
        "../scripts/plot_contradictions.py"


use rule plot_all_contradictions as plot_contradiction with:
    input:
        unpack(lambda wildcards: needed_for_contradictions([wildcards.figure])),
    output:
        **drawn(["{figure}"], "dispute", "Contradictions"),
    log:
        RESULTS / "logs/plot_contradictions/{figure}.log",
    benchmark:
        RESULTS / "benchmarks/plot_contradictions/{figure}.tsv"
    wildcard_constraints:
        figure=any_of(CONTRADICTIONS),
    params:
        names=lambda wildcards: [wildcards.figure],
        experiments=lambda wildcards: experiment_tables(
            experiments_of([wildcards.figure])
        ),
    message:
        "Draw what claims disagree about: {wildcards.figure}"


FIGURES = expand(
    RESULTS / "figures/{figure}.{kind}",
    figure=[*PLAN.studies, *DRAWN_FIGURES, *CONTRADICTIONS],
    kind=["svg", "pdf", "csv", "txt"],
)
if {str(Path(argument)) for argument in sys.argv} & set(FIGURES):

    ruleorder: plot_study > plot_all_studies
    ruleorder: plot_source_figure > plot_all_source_figures
    ruleorder: plot_contradiction > plot_all_contradictions

else:

    ruleorder: plot_all_studies > plot_study
    ruleorder: plot_all_source_figures > plot_source_figure
    ruleorder: plot_all_contradictions > plot_contradiction


# All figures, and no report. Nothing is trained as long as the studies' tables are there.
rule figures:
    input:
        FIGURES,

# Tables of each study, and its figure, drawn in the way that its file says; figures of the sources,
# and of what their claims disagree about.
from restudy.evidence import disputes, drawable

try:
    SOURCE_FIGURES = drawable.load_source_figures(EVIDENCE.published)
    DRAWN_FIGURES = drawable.figures_to_draw(SOURCE_FIGURES, PLAN.studies)
    DISPUTES = disputes.drawn(
        EVIDENCE.disputes,
        PLAN.studies,
        experiments_done(EVIDENCE.experiments_tested(timed=False)),
    )
    MISSING_FIGURES = drawable.figures_missing(SOURCE_FIGURES, PLAN.studies)
except RestudyError as error:
    raise WorkflowError(str(error))

LEARNING_CURVES = studies_drawn_as("learning_curves")


rule tables:
    input:
        runs=expand(rules.collect.output.runs, study=PLAN.studies),
        timings=expand(rules.collect.output.timing, study=PLAN.studies),
        descriptions=expand(rules.collect.output.description, study=PLAN.studies),
    output:
        # Of all studies at once: a job takes seconds to start, a table none.
        **{
            f"{table}{text}": expand(
                RESULTS / f"tables/{{study}}/{table}{suffix}", study=PLAN.studies
            )
            for table in ["summary", "comparison", "winners", "timing"]
            for text, suffix in [("", ".csv"), ("_text", ".md")]
        },
    log:
        RESULTS / "logs/tables.log",
    benchmark:
        RESULTS / "benchmarks/tables.tsv"
    priority: SOON
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code_digest("restudy.tables"),
    message:
        "Make the tables of the studies"
    script:
        "../scripts/tables.py"


rule predict:
    input:
        runs=rules.collect.output.runs,
        cells=lambda wildcards: expand(
            rules.train.output.weights, cell=PLAN.studies[wildcards.study].cells
        ),
        data=lambda wildcards: expand(
            rules.prepare.output, dataset=PLAN.studies[wildcards.study].datasets
        ),
    output:
        RESULTS / "studies/{study}/predictions.parquet",
    log:
        RESULTS / "logs/predict/{study}.log",
    benchmark:
        RESULTS / "benchmarks/predict/{study}.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        code=code_digest("restudy.predictions"),
    message:
        "Predict the test set with every trained network of {wildcards.study}"
    script:
        "../scripts/predict.py"


rule learning_curves:
    input:
        histories=expand(rules.collect.output.history, study=LEARNING_CURVES),
        descriptions=expand(rules.collect.output.description, study=LEARNING_CURVES),
    output:
        svg=[
            report(
                RESULTS / f"figures/{study}.svg",
                caption="../report/learning_curves.rst",
                category="Learning curves",
                labels={"study": study},
            )
            for study in LEARNING_CURVES
        ],
        pdf=expand(RESULTS / "figures/{study}.pdf", study=LEARNING_CURVES),
        csv=expand(RESULTS / "figures/{study}.csv", study=LEARNING_CURVES),
    log:
        RESULTS / "logs/figures/learning_curves.log",
    benchmark:
        RESULTS / "benchmarks/figures/learning_curves.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1200,
    params:
        code=code_digest("restudy.figures.learning_curves"),
    message:
        "Draw the learning curves of the studies"
    script:
        "../scripts/learning_curves.py"


rule batch_size:
    input:
        runs=rules.collect.output.runs,
        timing=rules.collect.output.timing,
    output:
        svg=report(
            RESULTS / "figures/{study}.svg",
            caption="../report/batch_size.rst",
            category="Batch size",
            labels={"study": "{study}"},
        ),
        pdf=RESULTS / "figures/{study}.pdf",
        csv=RESULTS / "figures/{study}.csv",
    log:
        RESULTS / "logs/figures/{study}.log",
    benchmark:
        RESULTS / "benchmarks/figures/{study}.tsv"
    wildcard_constraints:
        study=drawn_as("batch_size"),
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code_digest("restudy.figures.batch_size"),
    message:
        "Draw the effect of the batch size in {wildcards.study}"
    script:
        "../scripts/batch_size.py"


rule grid:
    input:
        runs=rules.collect.output.runs,
        description=rules.collect.output.description,
    output:
        svg=report(
            RESULTS / "figures/{study}.svg",
            caption="../report/grid.rst",
            category="Grid",
            labels={"study": "{study}"},
        ),
        pdf=RESULTS / "figures/{study}.pdf",
        csv=RESULTS / "figures/{study}.csv",
    log:
        RESULTS / "logs/figures/{study}.log",
    benchmark:
        RESULTS / "benchmarks/figures/{study}.tsv"
    wildcard_constraints:
        study=drawn_as("grid"),
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code_digest("restudy.figures.grid"),
    message:
        "Draw who wins where in {wildcards.study}, and what explains it"
    script:
        "../scripts/grid.py"


rule matters:
    input:
        runs=rules.collect.output.runs,
        description=rules.collect.output.description,
    output:
        table=RESULTS / "tables/{study}/matters.csv",
        text=RESULTS / "tables/{study}/matters.md",
    log:
        RESULTS / "logs/matters/{study}.log",
    benchmark:
        RESULTS / "benchmarks/matters/{study}.tsv"
    wildcard_constraints:
        study=drawn_as("grid"),
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code_digest("restudy.matters"),
    message:
        "Find what explains the variation in {wildcards.study}"
    script:
        "../scripts/matters.py"


rule housing:
    input:
        runs=rules.collect.output.runs,
        history=rules.collect.output.history,
        predictions=rules.predict.output,
    output:
        svg=report(
            RESULTS / "figures/{study}.svg",
            caption="../report/housing.rst",
            category="Housing",
            labels={"study": "{study}"},
        ),
        pdf=RESULTS / "figures/{study}.pdf",
        csv=RESULTS / "figures/{study}.csv",
    log:
        RESULTS / "logs/figures/{study}.log",
    benchmark:
        RESULTS / "benchmarks/figures/{study}.tsv"
    wildcard_constraints:
        study=drawn_as("housing"),
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code_digest("restudy.figures.housing"),
    message:
        "Draw the predictions of {wildcards.study}"
    script:
        "../scripts/housing.py"


# The figures of one source are drawn by one job. A rule's outputs cannot be functions of its
# wildcards, so each source has a rule of its own.
for source, figures in by_source(DRAWN_FIGURES).items():

    rule:
        name:
            f"figures_{source}"
        input:
            **needed_for_figures([DRAWN_FIGURES[figure] for figure in figures]),
        output:
            svg=[
                report(
                    RESULTS / f"figures/{figure}.svg",
                    caption="../report/source_figure.rst",
                    category="Figures of the sources",
                    labels={"figure": figure},
                )
                for figure in figures
            ],
            pdf=expand(RESULTS / "figures/{figure}.pdf", figure=figures),
            csv=expand(RESULTS / "figures/{figure}.csv", figure=figures),
            caption=expand(RESULTS / "figures/{figure}.txt", figure=figures),
        log:
            RESULTS / f"logs/figures/{source}.log",
        benchmark:
            RESULTS / f"benchmarks/figures/{source}.tsv"
        conda:
            "../../envs/restudy.yaml"
        threads: 1
        resources:
            mem_mb=1200,
        params:
            figures=[DRAWN_FIGURES[figure].parameters() for figure in figures],
            code=[
                code_digest("restudy.figures.sources"),
                PROJECT.digest(*PROJECT.drawings.values()),
            ],
        message:
            f"Draw the figures of {source} as they ought to be"
        script:
            "../scripts/source_figures.py"


rule disputes:
    input:
        claims="config/evidence/claims.yaml",
        disputes="config/evidence/contradictions.yaml",
        runs=expand(rules.collect.output.runs, study=studies_disputed(DISPUTES)),
        histories=expand(rules.collect.output.history, study=studies_disputed(DISPUTES)),
        descriptions=expand(
            rules.collect.output.description, study=studies_disputed(DISPUTES)
        ),
        experiments=expand(
            EXPERIMENT_TABLE,
            experiment=sorted(
                {name for dispute in DISPUTES.values() for name in dispute.experiments}
            ),
        ),
    output:
        svg=[
            report(
                RESULTS / f"figures/{dispute}.svg",
                caption="../report/dispute.rst",
                category="Contradictions",
                labels={"figure": dispute},
            )
            for dispute in DISPUTES
        ],
        pdf=expand(RESULTS / "figures/{dispute}.pdf", dispute=DISPUTES),
        csv=expand(RESULTS / "figures/{dispute}.csv", dispute=DISPUTES),
        caption=expand(RESULTS / "figures/{dispute}.txt", dispute=DISPUTES),
    log:
        RESULTS / "logs/figures/disputes.log",
    benchmark:
        RESULTS / "benchmarks/figures/disputes.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1200,
    params:
        names=list(DISPUTES),
        code=code_digest("restudy.figures.dispute", "restudy.evidence.curves"),
    message:
        "Draw what claims disagree about"
    script:
        "../scripts/disputes.py"


# All figures, and no report. Nothing is trained as long as the studies' tables are there.
rule figures:
    input:
        expand(
            RESULTS / "figures/{figure}.{kind}",
            figure=[*PLAN.studies, *DRAWN_FIGURES, *DISPUTES],
            kind=["svg", "pdf", "csv"],
        ),

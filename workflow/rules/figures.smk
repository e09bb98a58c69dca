# Tables of each study, and its figure, drawn in the way that its file says; figures of the sources,
# and of what their claims disagree about.
from restudy.evidence import disputes, drawable

try:
    SOURCE_FIGURES = drawable.load_source_figures(EVIDENCE.published)
    DRAWN_FIGURES = drawable.figures_to_draw(SOURCE_FIGURES, PLAN.studies)
    DISPUTES = disputes.drawn(
        EVIDENCE.disputes, PLAN.studies, experiments_asked(timed=False)
    )
    MISSING_FIGURES = drawable.figures_missing(SOURCE_FIGURES, PLAN.studies)
except RestudyError as error:
    raise WorkflowError(str(error))


rule tables:
    input:
        runs=rules.collect.output.runs,
        timing=rules.collect.output.timing,
        description=rules.collect.output.description,
    output:
        summary=RESULTS / "tables/{study}/summary.csv",
        summary_text=RESULTS / "tables/{study}/summary.md",
        comparison=RESULTS / "tables/{study}/comparison.csv",
        comparison_text=RESULTS / "tables/{study}/comparison.md",
        winners=RESULTS / "tables/{study}/winners.csv",
        winners_text=RESULTS / "tables/{study}/winners.md",
        timing=RESULTS / "tables/{study}/timing.csv",
        timing_text=RESULTS / "tables/{study}/timing.md",
    log:
        RESULTS / "logs/tables/{study}.log",
    benchmark:
        RESULTS / "benchmarks/tables/{study}.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code_digest("restudy.tables"),
    message:
        "Make the tables of {wildcards.study}"
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
        mem_mb=1000,
    params:
        code=code_digest("restudy.predictions"),
    message:
        "Predict the test set with every trained network of {wildcards.study}"
    script:
        "../scripts/predict.py"


rule learning_curves:
    input:
        history=rules.collect.output.history,
        description=rules.collect.output.description,
    output:
        svg=report(
            RESULTS / "figures/{study}.svg",
            caption="../report/learning_curves.rst",
            category="Learning curves",
            labels={"study": "{study}"},
        ),
        pdf=RESULTS / "figures/{study}.pdf",
        csv=RESULTS / "figures/{study}.csv",
    log:
        RESULTS / "logs/figures/{study}.log",
    benchmark:
        RESULTS / "benchmarks/figures/{study}.tsv"
    wildcard_constraints:
        study=drawn_as("learning_curves"),
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code_digest("restudy.figures.learning_curves"),
    message:
        "Draw the learning curves of {wildcards.study}"
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
        mem_mb=500,
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
        mem_mb=500,
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
        mem_mb=500,
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
        mem_mb=500,
    params:
        code=code_digest("restudy.figures.housing"),
    message:
        "Draw the predictions of {wildcards.study}"
    script:
        "../scripts/housing.py"


rule source_figure:
    input:
        unpack(needed_for_figure),
    output:
        svg=report(
            RESULTS / "figures/{figure}.svg",
            caption="../report/source_figure.rst",
            category="Figures of the sources",
            labels={"figure": "{figure}"},
        ),
        pdf=RESULTS / "figures/{figure}.pdf",
        csv=RESULTS / "figures/{figure}.csv",
        caption=RESULTS / "figures/{figure}.txt",
    log:
        RESULTS / "logs/figures/{figure}.log",
    benchmark:
        RESULTS / "benchmarks/figures/{figure}.tsv"
    wildcard_constraints:
        figure="|".join(DRAWN_FIGURES) or "(?!)",
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        figure=lambda wildcards: DRAWN_FIGURES[wildcards.figure].parameters(),
        code=code_digest("restudy.figures.sources"),
    message:
        "Draw {wildcards.figure} of the sources as it ought to be"
    script:
        "../scripts/source_figure.py"


rule dispute:
    input:
        claims="config/evidence/claims.yaml",
        disputes="config/evidence/contradictions.yaml",
        runs=lambda wildcards: expand(
            rules.collect.output.runs, study=DISPUTES[wildcards.dispute].studies
        ),
        histories=lambda wildcards: expand(
            rules.collect.output.history, study=DISPUTES[wildcards.dispute].studies
        ),
        descriptions=lambda wildcards: expand(
            rules.collect.output.description, study=DISPUTES[wildcards.dispute].studies
        ),
        experiments=lambda wildcards: expand(
            rules.experiment.output,
            experiment=DISPUTES[wildcards.dispute].experiments,
        ),
    output:
        svg=report(
            RESULTS / "figures/{dispute}.svg",
            caption="../report/dispute.rst",
            category="Contradictions",
            labels={"figure": "{dispute}"},
        ),
        pdf=RESULTS / "figures/{dispute}.pdf",
        csv=RESULTS / "figures/{dispute}.csv",
        caption=RESULTS / "figures/{dispute}.txt",
    log:
        RESULTS / "logs/figures/{dispute}.log",
    benchmark:
        RESULTS / "benchmarks/figures/{dispute}.tsv"
    wildcard_constraints:
        dispute="|".join(DISPUTES) or "(?!)",
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=code_digest("restudy.figures.dispute", "restudy.evidence.curves"),
    message:
        "Draw {wildcards.dispute}: what two claims disagree about"
    script:
        "../scripts/dispute.py"

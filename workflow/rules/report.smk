# What people read: published numbers beside ours, what could have given them, the status of
# everything the sources printed, the page and the paper.
from restudy.config.sources import load_sources
from restudy.report.paper.pictures import chosen

PAPER_FIGURES = chosen(DRAWN_FIGURES, studies_drawn_as("grid"), load_sources())


rule facts:
    input:
        evidence="config/evidence/published.yaml",
        data=expand(
            rules.prepare.output,
            dataset=EVIDENCE.datasets(
                {name for plan in PLAN.studies.values() for name in plan.datasets}
            ),
        ),
    output:
        RESULTS / "tables/facts.csv",
    log:
        RESULTS / "logs/facts.log",
    benchmark:
        RESULTS / "benchmarks/facts.tsv"
    priority: SOON
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        code=[
            code_digest("restudy.evidence.exact"),
            PROJECT.digest(*PROJECT.facts.values()),
        ],
    message:
        "Compute what no training decides: sizes of data sets, shapes of arrays"
    script:
        "../scripts/facts.py"


# Tables of the project's own, about one source each.
rule source_tables:
    input:
        "config/evidence/published.yaml",
    output:
        expand(RESULTS / "tables/{table}.csv", table=PROJECT.tables),
    log:
        RESULTS / "logs/source_tables.log",
    benchmark:
        RESULTS / "benchmarks/source_tables.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        names=list(PROJECT.tables),
        code=PROJECT.digest(*PROJECT.tables.values()),
    message:
        "Compute the tables of single sources: {params.names}"
    script:
        "../scripts/source_tables.py"


rule published:
    input:
        evidence="config/evidence/published.yaml",
        facts=rules.facts.output,
        tables=rules.source_tables.output,
        histories=expand(
            rules.collect.output.history, study=EVIDENCE.measured(PLAN.studies)
        ),
        descriptions=expand(
            rules.collect.output.description, study=EVIDENCE.measured(PLAN.studies)
        ),
    output:
        table=RESULTS / "tables/published.csv",
        text=RESULTS / "tables/published.md",
    log:
        RESULTS / "logs/published.log",
    benchmark:
        RESULTS / "benchmarks/published.tsv"
    priority: SOON
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        scale=scale_in_words(),
        code=code_digest("restudy.evidence.published"),
    message:
        "Hold our numbers beside the published ones"
    script:
        "../scripts/published.py"


rule forensics:
    input:
        evidence="config/evidence/published.yaml",
        puzzles="config/evidence/forensics.yaml",
        histories=expand(
            rules.collect.output.history, study=EVIDENCE.searched(PLAN.studies)
        ),
        descriptions=expand(
            rules.collect.output.description, study=EVIDENCE.searched(PLAN.studies)
        ),
    output:
        table=RESULTS / "tables/forensics.csv",
        conclusions=RESULTS / "tables/puzzles.csv",
        text=RESULTS / "tables/forensics.md",
    log:
        RESULTS / "logs/forensics.log",
    benchmark:
        RESULTS / "benchmarks/forensics.tsv"
    priority: SOON
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        scale=scale_in_words(),
        code=code_digest("restudy.evidence.forensics_tables"),
    message:
        "Look which settings could have given what the sources print"
    script:
        "../scripts/forensics.py"


rule claims:
    input:
        evidence="config/evidence/claims.yaml",
        runs=expand(rules.collect.output.runs, study=EVIDENCE.tested(PLAN.studies)),
        histories=expand(
            rules.collect.output.history, study=EVIDENCE.tested(PLAN.studies)
        ),
        descriptions=expand(
            rules.collect.output.description, study=EVIDENCE.tested(PLAN.studies)
        ),
        experiments=expand(
            EXPERIMENT_TABLE,
            experiment=experiments_done(EVIDENCE.experiments_tested(timed=False)),
        ),
    output:
        RESULTS / "tables/claim_tests.csv",
    log:
        RESULTS / "logs/claims.log",
    benchmark:
        RESULTS / "benchmarks/claims.tsv"
    priority: SOON
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code_digest("restudy.evidence.judging"),
    message:
        "Judge the claims"
    script:
        "../scripts/claims.py"


rule errata:
    input:
        evidence="config/evidence/errata.yaml",
        published="config/evidence/published.yaml",
        histories=expand(
            rules.collect.output.history, study=EVIDENCE.shown(PLAN.studies)
        ),
        descriptions=expand(
            rules.collect.output.description, study=EVIDENCE.shown(PLAN.studies)
        ),
        experiments=expand(
            EXPERIMENT_TABLE,
            experiment=experiments_done(EVIDENCE.experiments_shown()),
        ),
    output:
        shown=RESULTS / "tables/errata_shown.csv",
        contrasts=RESULTS / "tables/contrasts.csv",
    log:
        RESULTS / "logs/errata.log",
    benchmark:
        RESULTS / "benchmarks/errata.tsv"
    priority: SOON
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code_digest(
            "restudy.evidence.demonstrations", "restudy.evidence.contrasts"
        ),
    message:
        "Show what the mistakes of the sources do"
    script:
        "../scripts/errata.py"


rule calibration:
    output:
        RESULTS / "tables/calibration.csv",
    log:
        RESULTS / "logs/calibration.log",
    benchmark:
        RESULTS / "benchmarks/calibration.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        repetitions=10_000 if SETTINGS.scale == "full" else 2_000,
        code=code_digest("restudy.stats.calibration"),
    message:
        "See how often the statistics are right, by simulation"
    script:
        "../scripts/calibration.py"


rule ledger:
    input:
        evidence=expand(
            "config/evidence/{kind}.yaml",
            kind=["sources", "published", "claims", "errata", "systems", "figures"],
        ),
        published=rules.published.output.table,
        claim_tests=rules.claims.output,
        errata_shown=rules.errata.output.shown,
        contrasts=rules.errata.output.contrasts,
        puzzles=rules.forensics.output.conclusions,
    output:
        tables=expand(
            RESULTS / "tables/{kind}.csv",
            kind=["claims", "errata", "systems", "figures"],
        ),
        counts=RESULTS / "tables/statuses.csv",
    log:
        RESULTS / "logs/ledger.log",
    benchmark:
        RESULTS / "benchmarks/ledger.tsv"
    priority: SOON
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        # The figures that this run draws: of studies, and of the sources.
        figures=[*sorted(PLAN.studies), *DRAWN_FIGURES],
        missing=MISSING_FIGURES,
        done=experiments_done(EVIDENCE.experiments_tested()),
        experiments={
            name: plan.study.experiments for name, plan in PLAN.studies.items()
        },
        code=code_digest("restudy.evidence.standing"),
    message:
        "Give every published value, claim, erratum, system and figure its status"
    script:
        "../scripts/ledger.py"


rule contradictions:
    input:
        evidence="config/evidence/claims.yaml",
        claims=RESULTS / "tables/claims.csv",
    output:
        table=RESULTS / "tables/contradictions.csv",
        text=RESULTS / "tables/contradictions.md",
    log:
        RESULTS / "logs/contradictions.log",
    benchmark:
        RESULTS / "benchmarks/contradictions.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code_digest("restudy.evidence.contradictions"),
    message:
        "Put claims that contradict each other side by side"
    script:
        "../scripts/contradictions.py"


# The only rule that makes tables of measured times: no other table depends on them.
rule timed_claims:
    input:
        evidence="config/evidence/claims.yaml",
        claim_tests=rules.claims.output,
        claims=RESULTS / "tables/claims.csv",
        experiments=expand(
            EXPERIMENT_TABLE,
            experiment=experiments_done(EVIDENCE.experiments_tested(timed=True)),
        ),
    output:
        tests=RESULTS / "tables/timed_claim_tests.csv",
        claims=RESULTS / "tables/timed_claims.csv",
        contradictions=RESULTS / "tables/timed_contradictions.csv",
    log:
        RESULTS / "logs/timed_claims.log",
    benchmark:
        RESULTS / "benchmarks/timed_claims.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=code_digest("restudy.evidence.timing"),
    message:
        "Judge the claims about time"
    script:
        "../scripts/timed_claims.py"


# `rule all` makes the paper too, and the page links to it. It is no input: a paper that cannot be
# typeset must not keep anybody from the page.
rule page:
    input:
        sources="config/evidence/sources.yaml",
        runs=expand(rules.collect.output.runs, study=PLAN.studies),
        descriptions=expand(rules.collect.output.description, study=PLAN.studies),
        cells=expand(rules.collect.output.cells, study=PLAN.studies),
        summaries=rules.tables.output.summary,
        figures=expand(RESULTS / "figures/{study}.svg", study=PLAN.studies),
        ledger=[rules.published.output.table, *rules.ledger.output.tables],
        tables=rules.source_tables.output,
        claim_tests=rules.claims.output,
        timed_tests=rules.timed_claims.output.tests,
        timed_claims=rules.timed_claims.output.claims,
        contradictions=rules.contradictions.output.table,
        timed_contradictions=rules.timed_claims.output.contradictions,
        disputes=rules.disputes.output.svg,
        calibration=rules.calibration.output,
        errata_shown=rules.errata.output.shown,
        contrasts=rules.errata.output.contrasts,
        forensics=rules.forensics.output.table,
        puzzles=rules.forensics.output.conclusions,
        matters=expand(rules.matters.output.text, study=studies_drawn_as("grid")),
        shares=expand(rules.matters.output.table, study=studies_drawn_as("grid")),
        source_figures=expand(RESULTS / "figures/{figure}.svg", figure=DRAWN_FIGURES),
        captions=expand(
            "workflow/report/{kind}.rst",
            kind=sorted({plan.study.figure for plan in PLAN.studies.values()}),
        ),
    output:
        RESULTS / "report/index.html",
    log:
        RESULTS / "logs/page.log",
    benchmark:
        RESULTS / "benchmarks/page.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        cells={name: plan.cells for name, plan in PLAN.studies.items()},
        disputes={id_: sorted(dispute.claims) for id_, dispute in DISPUTES.items()},
        left_out=studies_left_out(),
        experiments=SETTINGS.experiments,
        paper=True,
        command=how_it_was_called(),
        templates=templates_digest(),
        code=code_digest("restudy.report.page", "restudy.report.build"),
    message:
        "Write the report"
    script:
        "../scripts/page.py"


rule paper:
    input:
        source=expand(
            "workflow/report/{part}",
            part=["paper.typ", "paper-style.typ", "references.yaml"],
        ),
        sources="config/evidence/sources.yaml",
        published=rules.published.output.table,
        ledger=rules.ledger.output.tables,
        claim_tests=rules.claims.output,
        errata_shown=rules.errata.output.shown,
        contrasts=rules.errata.output.contrasts,
        contradictions=rules.contradictions.output.table,
        puzzles=rules.forensics.output.conclusions,
        calibration=rules.calibration.output,
        runs=expand(rules.collect.output.runs, study=PLAN.studies),
        descriptions=expand(rules.collect.output.description, study=PLAN.studies),
        comparisons=rules.tables.output.comparison,
        matters=expand(rules.matters.output.table, study=studies_drawn_as("grid")),
        figures=expand(RESULTS / "figures/{figure}.svg", figure=PAPER_FIGURES),
        captions=expand(
            RESULTS / "figures/{figure}.txt",
            figure=[name for name in PAPER_FIGURES if name in DRAWN_FIGURES],
        ),
        grid_caption="workflow/report/grid.rst",
    output:
        pdf=RESULTS / "report/paper.pdf",
        content=RESULTS / "report/paper.json",
    log:
        RESULTS / "logs/paper.log",
    benchmark:
        RESULTS / "benchmarks/paper.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1200,
    params:
        code=code_digest("restudy.report.paper.content", "restudy.report.paper.typeset"),
    message:
        "Write the paper"
    script:
        "../scripts/paper.py"

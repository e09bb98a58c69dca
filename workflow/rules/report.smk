# What people read: the status of everything the sources printed, and the page.


rule ledger:
    input:
        evidence=expand(
            "config/evidence/{kind}.yaml",
            kind=["published", "claims", "errata", "systems", "figures"],
        ),
    output:
        tables=expand(
            RESULTS / "tables/{kind}.csv",
            kind=["published", "claims", "errata", "systems", "figures"],
        ),
        counts=RESULTS / "tables/statuses.csv",
    log:
        RESULTS / "logs/ledger.log",
    benchmark:
        RESULTS / "benchmarks/ledger.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        # The figures that this run draws, by study.
        figures=sorted(PLAN.studies),
        code=code_digest("restudy.evidence.ledger"),
    message:
        "Give every published value, claim, erratum, system and figure its status"
    script:
        "../scripts/ledger.py"


rule page:
    input:
        runs=expand(rules.collect.output.runs, study=PLAN.studies),
        summaries=expand(rules.tables.output.summary, study=PLAN.studies),
        figures=expand(RESULTS / "figures/{study}.svg", study=PLAN.studies),
        ledger=rules.ledger.output.tables,
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
        mem_mb=500,
    params:
        studies=list(PLAN.studies),
        code=code_digest("restudy.report.page"),
    message:
        "Write the report"
    script:
        "../scripts/page.py"

# Published numbers beside ours, what could have given them, verdicts on claims, and the status of
# everything the sources printed.
TESTED_EXPERIMENTS = experiments_done(EVIDENCE.experiments_tested(timed=False))
TIMED_EXPERIMENTS = experiments_done(EVIDENCE.experiments_tested(timed=True))
SHOWN_EXPERIMENTS = experiments_done(EVIDENCE.experiments_of_errata())


rule compute_facts:
    input:
        evidence="config/evidence/published.yaml",
        data=expand(
            rules.prepare_dataset.output,
            dataset=EVIDENCE.datasets(
                {name for plan in PLAN.studies.values() for name in plan.datasets}
            ),
        ),
    output:
        RESULTS / "tables/facts.csv",
    priority: SOON
    resources:
        mem_mb=1500,
    params:
        project=PROJECT.digest(*PROJECT.facts.values()),
    message:
        "Compute what no training decides: sizes of data sets, shapes of arrays"
    script:
        "../scripts/compute_facts.py"


# Tables of the project's own, about one source each.
rule compute_source_tables:
    input:
        "config/evidence/published.yaml",
    output:
        expand(RESULTS / "tables/{table}.csv", table=PROJECT.tables),
    params:
        names=list(PROJECT.tables),
        project=PROJECT.digest(*PROJECT.tables.values()),
    message:
        "Compute the tables of single sources: {params.names}"
    script:
        "../scripts/compute_source_tables.py"


rule compare_published:
    input:
        evidence="config/evidence/published.yaml",
        facts=rules.compute_facts.output,
        tables=rules.compute_source_tables.output,
        histories=collected("history", EVIDENCE.compared(PLAN.studies)),
        descriptions=collected("description", EVIDENCE.compared(PLAN.studies)),
    output:
        table=RESULTS / "tables/published.csv",
        text=RESULTS / "tables/published.md",
    priority: SOON
    params:
        scale=workflow_support.scale_in_words(SETTINGS, PLAN),
    message:
        "Hold our numbers beside the published ones"
    script:
        "../scripts/compare_published.py"


rule search_configurations:
    input:
        evidence="config/evidence/published.yaml",
        searches="config/evidence/configuration_searches.yaml",
        histories=collected("history", EVIDENCE.searched(PLAN.studies)),
        descriptions=collected("description", EVIDENCE.searched(PLAN.studies)),
    output:
        table=RESULTS / "tables/search_candidates.csv",
        conclusions=RESULTS / "tables/configuration_searches.csv",
        text=RESULTS / "tables/configuration_searches.md",
    priority: SOON
    params:
        scale=workflow_support.scale_in_words(SETTINGS, PLAN),
    message:
        "Look which settings could have given what the sources print"
    script:
        "../scripts/search_configurations.py"


rule test_claims:
    input:
        evidence="config/evidence/claims.yaml",
        runs=collected("runs", EVIDENCE.tested(PLAN.studies)),
        histories=collected("history", EVIDENCE.tested(PLAN.studies)),
        descriptions=collected("description", EVIDENCE.tested(PLAN.studies)),
        experiments=experiment_records(TESTED_EXPERIMENTS),
    output:
        RESULTS / "tables/claim_tests.csv",
    priority: SOON
    params:
        experiments=experiment_tables(TESTED_EXPERIMENTS),
    message:
        "Judge the claims"
    script:
        "../scripts/test_claims.py"


rule show_erratum_effects:
    input:
        evidence="config/evidence/errata.yaml",
        published="config/evidence/published.yaml",
        histories=collected("history", EVIDENCE.studies_of_errata(PLAN.studies)),
        descriptions=collected("description", EVIDENCE.studies_of_errata(PLAN.studies)),
        experiments=experiment_records(SHOWN_EXPERIMENTS),
    output:
        shown=RESULTS / "tables/erratum_effects.csv",
        contrasts=RESULTS / "tables/printed_differences.csv",
    priority: SOON
    params:
        experiments=experiment_tables(SHOWN_EXPERIMENTS),
    message:
        "Show what the mistakes of the sources do"
    script:
        "../scripts/show_erratum_effects.py"


rule calibrate_statistics:
    output:
        RESULTS / "tables/calibration.csv",
    params:
        repetitions=10_000 if SETTINGS.scale == "full" else 2_000,
    message:
        "See how often the statistics are right, by simulation"
    script:
        "../scripts/calibrate_statistics.py"


rule assign_statuses:
    input:
        evidence=expand(
            "config/evidence/{kind}.yaml",
            kind=["sources", "published", "claims", "errata", "systems", "figures"],
        ),
        tables=[
            rules.compare_published.output.table,
            *rules.test_claims.output,
            *rules.show_erratum_effects.output,
            rules.search_configurations.output.conclusions,
        ],
    output:
        tables=expand(
            RESULTS / "tables/{kind}.csv",
            kind=["claims", "errata", "systems", "figures"],
        ),
        counts=RESULTS / "tables/statuses.csv",
    priority: SOON
    params:
        # The figures that this run draws: of studies, and of the sources.
        figures=[*sorted(PLAN.studies), *DRAWN_FIGURES],
        missing=MISSING_FIGURES,
        done=experiments_done(EVIDENCE.experiments_tested()),
        experiments={
            name: plan.study.experiments for name, plan in PLAN.studies.items()
        },
    message:
        "Give every published value, claim, erratum, system and figure its status"
    script:
        "../scripts/assign_statuses.py"


rule tabulate_contradictions:
    input:
        evidence="config/evidence/claims.yaml",
        claims=RESULTS / "tables/claims.csv",
    output:
        table=RESULTS / "tables/contradictions.csv",
        text=RESULTS / "tables/contradictions.md",
    message:
        "Put claims that contradict each other side by side"
    script:
        "../scripts/tabulate_contradictions.py"


# The only rule that makes tables of measured times: no other table depends on them.
rule test_timing_claims:
    input:
        evidence="config/evidence/claims.yaml",
        claim_tests=rules.test_claims.output,
        claims=RESULTS / "tables/claims.csv",
        experiments=experiment_records(TIMED_EXPERIMENTS),
    output:
        tests=RESULTS / "tables/timed_claim_tests.csv",
        claims=RESULTS / "tables/timed_claims.csv",
        contradictions=RESULTS / "tables/timed_contradictions.csv",
    params:
        experiments=experiment_tables(TIMED_EXPERIMENTS),
    message:
        "Judge the claims about time"
    script:
        "../scripts/test_timing_claims.py"

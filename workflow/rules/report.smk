# What people read: the page and the paper, both of the view model.
from restudy.config.sources import load_sources
from restudy.report.html import templates_digest
from restudy.report.paper.figure_selection import chosen

PAPER_FIGURES = chosen(DRAWN_FIGURES, GRIDS, load_sources())


rule build_view_model:
    input:
        sources="config/evidence/sources.yaml",
        runs=collected("runs", PLAN.studies),
        descriptions=collected("description", PLAN.studies),
        groups=collected("groups", PLAN.studies),
        summaries=rules.summarise_studies.output.summary,
        comparisons=rules.summarise_studies.output.comparison,
        variance_components=expand(rules.decompose_variance.output.table, study=GRIDS),
        published=rules.compare_published.output.table,
        statuses=[
            *rules.assign_statuses.output.tables,
            rules.assign_statuses.output.counts,
        ],
        tables=rules.compute_source_tables.output,
        claim_tests=rules.test_claims.output,
        timed_tests=rules.test_timing_claims.output.tests,
        timed_claims=rules.test_timing_claims.output.claims,
        contradictions=rules.tabulate_contradictions.output.table,
        timed_contradictions=rules.test_timing_claims.output.contradictions,
        calibration=rules.calibrate_statistics.output,
        erratum_effects=rules.show_erratum_effects.output.shown,
        printed_differences=rules.show_erratum_effects.output.contrasts,
        search_candidates=rules.search_configurations.output.table,
        configuration_searches=rules.search_configurations.output.conclusions,
    output:
        view=RESULTS / "report/view.json",
    params:
        title=SETTINGS.title,
        results=RESULTS,
        groups={name: plan.groups for name, plan in PLAN.studies.items()},
        source_figures=list(DRAWN_FIGURES),
        contradictions={id_: sorted(one.claims) for id_, one in CONTRADICTIONS.items()},
        left_out=workflow_support.studies_left_out(SETTINGS, PLAN),
        experiments=SETTINGS.experiments,
    message:
        "Compute what page, paper and MLflow show"
    script:
        "../scripts/build_view_model.py"


# `rule all` makes the paper too, and the page links to it. It is no input: a paper that cannot be
# typeset must not keep anybody from the page.
rule render_page:
    input:
        view=rules.build_view_model.output.view,
        figures=[
            *rules.plot_all_studies.output,
            *rules.plot_all_source_figures.output,
            *rules.plot_all_contradictions.output,
        ],
    output:
        RESULTS / "report/index.html",
    params:
        paper=True,
        call=workflow_support.how_it_was_called(workflow, RESULTS),
        templates=templates_digest(),
    message:
        "Write the report"
    script:
        "../scripts/render_page.py"


rule render_paper:
    input:
        source=expand(
            "workflow/report/{part}",
            part=["paper.typ", "paper-style.typ", "references.yaml"],
        ),
        view=rules.build_view_model.output.view,
        figures=expand(RESULTS / "figures/{figure}.svg", figure=PAPER_FIGURES),
        captions=expand(RESULTS / "figures/{figure}.txt", figure=PAPER_FIGURES),
    output:
        pdf=RESULTS / "report/paper.pdf",
        content=RESULTS / "report/paper.json",
    resources:
        mem_mb=1200,
    message:
        "Write the paper"
    script:
        "../scripts/render_paper.py"

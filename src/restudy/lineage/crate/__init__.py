"""A finished run as a Workflow Run RO-Crate: workflow, inputs, outputs, times, software.

Profile: https://w3id.org/ro/wfrun/workflow/0.5 on RO-Crate 1.1 (S. Leo and others: Recording
provenance of workflow runs with RO-Crate. PLoS ONE 19(9), 2024).
"""

//! Integration tests of metrics.

mod distribution_comparison;
mod distribution_edges;
mod distribution_golden;
mod distribution_tica;
mod distribution_transport;
mod markov;
mod report_html;
mod structure_defects;
mod structure_fixture;
mod structure_golden;
mod structure_scores;

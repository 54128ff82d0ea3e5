//! Integration tests of metrics.

mod distribution_golden;
mod distribution_tica;
mod distribution_transport;
mod report_html;

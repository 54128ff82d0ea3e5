//! Integration tests of metrics.

mod report_html;

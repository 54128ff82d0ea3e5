//! Integration tests of forcefield-gpu.

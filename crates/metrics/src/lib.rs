//! Structure and distribution metrics of protein ensembles.

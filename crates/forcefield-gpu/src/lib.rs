//! AMBER force fields with generalised Born solvent, evaluated for batches of conformers.

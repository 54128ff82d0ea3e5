//! SIMD evaluation on the CPU.

mod atoms;
mod conformers;
mod evaluator;
mod instruction_set;
mod lanes;
mod parameters;

pub(crate) use evaluator::{Evaluator, Scratch as EvaluatorScratch};
pub use instruction_set::InstructionSet;

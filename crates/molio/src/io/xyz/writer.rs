//! Writing XYZ.

use crate::io::output::Output;
use crate::{Frame, FrameWriter, Result, Topology};
use std::fmt::Write;
use std::path::Path;

/// Writes extended XYZ in Å with six decimals, the cell as `Lattice`.
pub(crate) struct Writer {
    output: Output,
    symbols: Vec<String>,
    text: String,
}

impl Writer {
    pub(crate) fn create(path: &Path, topology: &Topology) -> Result<Self> {
        let symbols = topology
            .atoms()
            .iter()
            .map(|atom| match atom.element.symbol() {
                "" => "X".to_owned(),
                symbol => symbol.to_owned(),
            });
        Ok(Self {
            symbols: symbols.collect(),
            output: Output::create(path, topology.n_atoms())?,
            text: String::new(),
        })
    }
}

impl FrameWriter for Writer {
    fn write_frame(&mut self, frame: &Frame) -> Result<()> {
        self.output.begin_frame(frame)?;
        self.text.clear();
        let _ = writeln!(self.text, "{}", frame.n_atoms());
        if let Some(cell) = frame.cell {
            let numbers = cell
                .vectors
                .as_flattened()
                .iter()
                .map(|x| format!("{:.6}", x * 10.0));
            let _ = write!(
                self.text,
                "Lattice=\"{}\" ",
                numbers.collect::<Vec<_>>().join(" ")
            );
        }
        self.text.push_str("Properties=species:S:1:pos:R:3");
        if let Some(time) = frame.time {
            let _ = write!(self.text, " t= {time:.5}");
        }
        if let Some(step) = frame.step {
            let _ = write!(self.text, " step= {step}");
        }
        self.text.push('\n');
        for (symbol, position) in self.symbols.iter().zip(&frame.positions) {
            let [x, y, z] = position.map(|x| f64::from(x) * 10.0);
            let _ = writeln!(self.text, "{symbol:<2} {x:14.6} {y:14.6} {z:14.6}");
        }
        self.output.write(self.text.as_bytes())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.output.finish()
    }
}

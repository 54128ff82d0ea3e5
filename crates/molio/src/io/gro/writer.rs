//! Writing GRO.

use crate::io::output::Output;
use crate::{Error, Frame, FrameWriter, Result, Topology};
use std::fmt::Write;
use std::path::Path;

/// Writes GRO with three decimals (nm), and velocities with four where a frame has them. Residue and
/// atom numbers start over after 99999, as GROMACS has it.
pub(crate) struct Writer {
    output: Output,
    /// The first 20 columns of each atom's line.
    names: Vec<String>,
    text: String,
}

impl Writer {
    pub(crate) fn create(path: &Path, topology: &Topology) -> Result<Self> {
        let names = topology.atoms().iter().enumerate().map(|(index, atom)| {
            let residue = &topology.residues()[atom.residue];
            format!(
                "{:5}{:<5.5}{:>5.5}{:5}",
                residue.number.rem_euclid(100_000),
                residue.name,
                atom.name,
                (index + 1) % 100_000
            )
        });
        Ok(Self {
            names: names.collect(),
            output: Output::create(path, topology.n_atoms())?,
            text: String::new(),
        })
    }

    fn push(&mut self, vector: [f32; 3], decimals: usize) -> Result<()> {
        for value in vector {
            let start = self.text.len();
            let _ = write!(self.text, "{value:8.decimals$}");
            if self.text.len() - start > 8 {
                let (path, place) = (self.output.path(), self.output.place());
                let expected = "numbers of at most eight columns";
                return Err(Error::malformed(path, place, expected, value.to_string()));
            }
        }
        Ok(())
    }
}

impl FrameWriter for Writer {
    fn write_frame(&mut self, frame: &Frame) -> Result<()> {
        self.output.begin_frame(frame)?;
        self.text.clear();
        self.text.push_str("molio");
        if let Some(time) = frame.time {
            let _ = write!(self.text, " t= {time:.5}");
        }
        if let Some(step) = frame.step {
            let _ = write!(self.text, " step= {step}");
        }
        let _ = writeln!(self.text, "\n{:5}", frame.n_atoms());
        for (atom, &position) in frame.positions.iter().enumerate() {
            self.text.push_str(&self.names[atom]);
            self.push(position, 3)?;
            if let Some(velocities) = &frame.velocities {
                self.push(velocities[atom], 4)?;
            }
            self.text.push('\n');
        }
        let [a, b, c] = frame.cell.map_or([[0.0; 3]; 3], |cell| cell.vectors);
        let _ = write!(self.text, "{:10.5}{:10.5}{:10.5}", a[0], b[1], c[2]);
        let rest = [a[1], a[2], b[0], b[2], c[0], c[1]];
        if rest.iter().any(|x| *x != 0.0) {
            for value in rest {
                let _ = write!(self.text, "{value:10.5}");
            }
        }
        self.text.push('\n');
        self.output.write(self.text.as_bytes())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.output.finish()
    }
}

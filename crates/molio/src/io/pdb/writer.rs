//! Writing PDB.

use super::hybrid36;
use crate::io::output::Output;
use crate::{Error, Frame, FrameWriter, Result, Topology};
use std::fmt::Write;
use std::path::Path;

/// Writes one model a frame. Atom and residue numbers beyond their columns become hybrid-36; bonds of
/// hetero groups and disulfides become `CONECT` records at the end.
pub(crate) struct Writer {
    output: Output,
    /// The first 30 columns of each atom's line, and what follows the position.
    before: Vec<String>,
    after: Vec<String>,
    /// The `TER` record after an atom, where a chain ends.
    ter: Vec<Option<String>>,
    conect: String,
    text: String,
}

impl Writer {
    pub(crate) fn create(path: &Path, topology: &Topology) -> Result<Self> {
        let mut writer = Self {
            output: Output::create(path, topology.n_atoms())?,
            before: Vec::new(),
            after: Vec::new(),
            ter: Vec::new(),
            conect: String::new(),
            text: String::new(),
        };
        let serials = writer.lay_out(topology);
        writer.conect = conect(topology, &serials);
        Ok(writer)
    }

    /// Prepares all that is the same in every model; the atoms' serial numbers.
    fn lay_out(&mut self, topology: &Topology) -> Vec<i64> {
        let mut serial = 0;
        let mut serials = Vec::with_capacity(topology.n_atoms());
        for chain in topology.chains() {
            for index in chain.residues.clone() {
                let residue = &topology.residues()[index];
                let number = hybrid36::encode(i64::from(residue.number), 4);
                let place = format!(
                    "{:>3.4}{}{:.1}{number}{}",
                    residue.name,
                    if residue.name.len() > 3 { "" } else { " " },
                    if chain.id.is_empty() { " " } else { &chain.id },
                    residue.insertion_code.unwrap_or(' '),
                );
                for atom in residue.atoms.clone() {
                    serial += 1;
                    serials.push(serial);
                    let atom = &topology.atoms()[atom];
                    self.before.push(format!(
                        "{:6}{} {} {place}   ",
                        if residue.hetero { "HETATM" } else { "ATOM" },
                        hybrid36::encode(serial, 5),
                        name_columns(&atom.name, atom.element.symbol()),
                    ));
                    let segment = if chain.id.len() > 1 {
                        chain.id.as_str()
                    } else {
                        ""
                    };
                    let symbol = atom.element.symbol().to_ascii_uppercase();
                    self.after
                        .push(format!("  1.00  0.00      {segment:<4.4}{symbol:>2}"));
                    self.ter.push(None);
                }
                let last = index + 1 == chain.residues.end;
                if last && !residue.hetero && !residue.atoms.is_empty() {
                    serial += 1;
                    let ter = format!("TER   {}      {place}", hybrid36::encode(serial, 5));
                    if let Some(slot) = self.ter.last_mut() {
                        *slot = Some(ter);
                    }
                }
            }
        }
        serials
    }

    /// A coordinate in eight columns, with as many decimals as fit.
    fn push_coordinate(&mut self, nm: f32) -> Result<()> {
        let angstrom = f64::from(nm) * 10.0;
        let start = self.text.len();
        let decimals = match angstrom {
            x if (-999.9995..9999.9995).contains(&x) => 3,
            x if (-9999.995..99999.995).contains(&x) => 2,
            x if (-99999.95..999_999.95).contains(&x) => 1,
            _ => 0,
        };
        let _ = write!(self.text, "{angstrom:8.decimals$}");
        if self.text.len() - start > 8 {
            let (path, place) = (self.output.path(), self.output.place());
            return Err(Error::malformed(
                path,
                place,
                "coordinates below 10⁶ nm",
                format!("{nm} nm"),
            ));
        }
        Ok(())
    }

    fn push_header(&mut self, frame: &Frame) {
        if let Some(time) = frame.time {
            let _ = write!(self.text, "TITLE     t= {time:.5}");
            if let Some(step) = frame.step {
                let _ = write!(self.text, " step= {step}");
            }
            self.text.push('\n');
        }
        if let Some(cell) = frame.cell {
            let [a, b, c] = cell.lengths().map(|length| length * 10.0);
            let [alpha, beta, gamma] = cell.angles_degrees();
            let _ = writeln!(
                self.text,
                "CRYST1{a:9.3}{b:9.3}{c:9.3}{alpha:7.2}{beta:7.2}{gamma:7.2} P 1           1"
            );
        }
        let _ = writeln!(
            self.text,
            "MODEL     {:>4}",
            hybrid36::encode(self.output.n_frames() as i64, 4)
        );
    }
}

impl FrameWriter for Writer {
    fn write_frame(&mut self, frame: &Frame) -> Result<()> {
        self.output.begin_frame(frame)?;
        self.text.clear();
        self.push_header(frame);
        for (atom, position) in frame.positions.iter().enumerate() {
            self.text.push_str(&self.before[atom]);
            for &coordinate in position {
                self.push_coordinate(coordinate)?;
            }
            self.text.push_str(&self.after[atom]);
            self.text.push('\n');
            if let Some(ter) = &self.ter[atom] {
                self.text.push_str(ter);
                self.text.push('\n');
            }
        }
        self.text.push_str("ENDMDL\n");
        self.output.write(self.text.as_bytes())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.conect.push_str("END\n");
        self.output.write(self.conect.as_bytes())?;
        self.output.finish()
    }
}

/// Names start in the second column, unless their element has two letters or they are four long.
fn name_columns(name: &str, symbol: &str) -> String {
    let two_letters = symbol.len() == 2
        && name
            .get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case(symbol));
    if two_letters || name.len() >= 4 {
        format!("{name:<4.4}")
    } else {
        format!(" {name:<3}")
    }
}

/// Bonds that no residue template knows: those of hetero groups, and sulphur bridges.
fn conect(topology: &Topology, serials: &[i64]) -> String {
    let special = |[a, b]: [usize; 2]| {
        let hetero = |atom: usize| topology.residue_of(atom).hetero;
        let sulphur = |atom: usize| topology.atoms()[atom].element == crate::Element::SULPHUR;
        hetero(a) || hetero(b) || (sulphur(a) && sulphur(b))
    };
    let mut partners: Vec<Vec<usize>> = vec![Vec::new(); topology.n_atoms()];
    for &[a, b] in topology.bonds().iter().filter(|bond| special(**bond)) {
        partners[a].push(b);
        partners[b].push(a);
    }
    let mut text = String::new();
    for (atom, partners) in partners.iter().enumerate() {
        for four in partners.chunks(4) {
            let _ = write!(text, "CONECT{}", hybrid36::encode(serials[atom], 5));
            for &partner in four {
                text.push_str(&hybrid36::encode(serials[partner], 5));
            }
            text.push('\n');
        }
    }
    text
}

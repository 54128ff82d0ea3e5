//! Writing mmCIF.

use crate::io::output::Output;
use crate::{Frame, FrameWriter, Result, Topology};
use std::fmt::Write;
use std::path::Path;

const COLUMNS: [&str; 18] = [
    "group_PDB",
    "id",
    "type_symbol",
    "label_atom_id",
    "label_alt_id",
    "label_comp_id",
    "label_asym_id",
    "label_entity_id",
    "label_seq_id",
    "pdbx_PDB_ins_code",
    "Cartn_x",
    "Cartn_y",
    "Cartn_z",
    "occupancy",
    "B_iso_or_equiv",
    "auth_seq_id",
    "auth_asym_id",
    "pdbx_PDB_model_num",
];

/// Writes one model a frame, with five decimals (Å). The format has one cell: the first frame's.
pub(crate) struct Writer {
    output: Output,
    /// What stands before and behind an atom's position.
    before: Vec<String>,
    after: Vec<String>,
    id: u64,
    text: String,
}

impl Writer {
    pub(crate) fn create(path: &Path, topology: &Topology) -> Result<Self> {
        let mut writer = Self {
            output: Output::create(path, topology.n_atoms())?,
            before: Vec::with_capacity(topology.n_atoms()),
            after: Vec::with_capacity(topology.n_atoms()),
            id: 0,
            text: String::new(),
        };
        for (index, chain) in topology.chains().iter().enumerate() {
            let label = letters(index);
            for residue in &topology.residues()[chain.residues.clone()] {
                let code = residue.insertion_code.map_or(".".to_owned(), String::from);
                let (name, number) = (quoted(&residue.name), residue.number);
                for atom in &topology.atoms()[residue.atoms.clone()] {
                    let place = format!(
                        "{} . {name} {label} {} {number}",
                        quoted(&atom.name),
                        index + 1
                    );
                    writer
                        .before
                        .push(format!("{} {place} {code}", quoted(atom.element.symbol())));
                    writer
                        .after
                        .push(format!("1.00 0.00 {number} {}", quoted(&chain.id)));
                }
                let group = if residue.hetero { "HETATM" } else { "ATOM" };
                let from = writer.before.len() - residue.atoms.len();
                for before in &mut writer.before[from..] {
                    before.insert(0, ' ');
                    before.insert_str(0, group);
                }
            }
        }
        Ok(writer)
    }

    fn push_header(&mut self, frame: &Frame) {
        self.text.push_str("data_molio\n#\n");
        if let Some(cell) = frame.cell {
            let lengths = cell.lengths().map(|length| length * 10.0);
            let numbers = lengths.into_iter().chain(cell.angles_degrees());
            let keys = [
                "length_a",
                "length_b",
                "length_c",
                "angle_alpha",
                "angle_beta",
                "angle_gamma",
            ];
            for (key, number) in keys.into_iter().zip(numbers) {
                let _ = writeln!(self.text, "_cell.{key:12} {number:.5}");
            }
            self.text.push_str("#\n");
        }
        self.text.push_str("loop_\n");
        for column in COLUMNS {
            let _ = writeln!(self.text, "_atom_site.{column}");
        }
    }
}

impl FrameWriter for Writer {
    fn write_frame(&mut self, frame: &Frame) -> Result<()> {
        self.output.begin_frame(frame)?;
        self.text.clear();
        let model = self.output.n_frames();
        if model == 1 {
            self.push_header(frame);
        }
        for (atom, position) in frame.positions.iter().enumerate() {
            self.id += 1;
            // the identifier is the second column
            let (group, rest) = self.before[atom].split_once(' ').unwrap_or_default();
            let [x, y, z] = position.map(|x| f64::from(x) * 10.0);
            let (id, after) = (self.id, &self.after[atom]);
            let _ = writeln!(
                self.text,
                "{group} {id} {rest} {x:.5} {y:.5} {z:.5} {after} {model}"
            );
        }
        self.output.write(self.text.as_bytes())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.output.n_frames() > 0 {
            self.output.write(b"#\n")?;
        }
        self.output.finish()
    }
}

/// A value in quotes if it needs them; `.` for nothing.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-*.,:/".contains(c);
    match value {
        "" => ".".to_owned(),
        "." | "?" => format!("'{value}'"),
        value if value.chars().all(plain) && !value.starts_with("data_") => value.to_owned(),
        value if value.contains('"') => format!("'{value}'"),
        value => format!("\"{value}\""),
    }
}

/// A, B, … Z, AA, AB, …
fn letters(index: usize) -> String {
    let mut rest = index + 1;
    let mut text = Vec::new();
    while rest > 0 {
        rest -= 1;
        text.insert(0, char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    text.into_iter().collect()
}

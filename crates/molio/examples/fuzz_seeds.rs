//! Writes small files of every format, the seeds of the fuzz targets:
//! `cargo run -p molio --example fuzz_seeds -- fuzz/seeds`

use molio::{AtomRecord, Cell, Element, Frame, Result, TopologyBuilder};
use std::path::PathBuf;

const PSF: &str = "\
PSF EXT CMAP XPLOR

       1 !NTITLE
 REMARKS SEED

       3 !NATOM
         1 PROA     1        GLY      N        NH3      -0.300000       14.0070           0
         2 PROA     1        GLY      HT1      HC        0.330000       1.00800           0
         3 WAT      2A       TIP3     OH2      OT       -0.834000       15.9994           0

       1 !NBOND: bonds
         1         2
";

const PRMTOP: &str = "\
%VERSION  VERSION_STAMP = V0001.000
%FLAG POINTERS
%FORMAT(10I8)
       3       2       1       0       0       0       0       0       0       0
       0       2
%FLAG ATOM_NAME
%FORMAT(20a4)
N   H1  Na+
%FLAG CHARGE
%FORMAT(5E16.8)
  1.82223000E+01 -1.82223000E+01  1.82223000E+01
%FLAG MASS
%FORMAT(5E16.8)
  1.40100000E+01  1.00800000E+00  2.29900000E+01
%FLAG RESIDUE_LABEL
%FORMAT(20a4)
GLY Na+
%FLAG RESIDUE_POINTER
%FORMAT(10I8)
       1       3
%FLAG BONDS_INC_HYDROGEN
%FORMAT(10I8)
       0       3       1
";

fn main() -> Result<()> {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .unwrap_or_else(|| "fuzz/seeds".into()),
    );
    let formats = [
        "pdb", "mmcif", "xtc", "trr", "dcd", "gro", "xyz", "npy", "npz", "psf", "prmtop",
    ];
    for format in formats {
        let folder = folder.join(format);
        std::fs::create_dir_all(&folder)
            .map_err(|e| molio::Error::io(&folder, molio::Place::File, "the folder", e))?;
        for (name, n_atoms) in [("few", 3), ("many", 20)] {
            let path = folder.join(format!("{name}.{format}"));
            match format {
                "psf" => write_text(&path, PSF)?,
                "prmtop" => write_text(&path, PRMTOP)?,
                _ => write_frames(&path, n_atoms)?,
            }
        }
    }
    Ok(())
}

fn write_text(path: &std::path::Path, text: &str) -> Result<()> {
    std::fs::write(path, text)
        .map_err(|e| molio::Error::io(path, molio::Place::File, "the file", e))
}

fn write_frames(path: &std::path::Path, n_atoms: usize) -> Result<()> {
    let mut builder = TopologyBuilder::default();
    builder.start_chain("A");
    for atom in 0..n_atoms {
        if atom % 3 == 0 {
            builder.start_residue("GLY", atom as i32, None, atom > 9);
        }
        builder.add_atom(AtomRecord::new(["N", "CA", "C"][atom % 3], Element::CARBON));
    }
    let mut writer = molio::create(path, &builder.build())?;
    for index in 0..2 {
        let positions: Vec<_> = (0..n_atoms)
            .map(|atom| {
                [
                    0.15 * atom as f32,
                    0.1 * index as f32,
                    (atom % 5) as f32 * 0.1,
                ]
            })
            .collect();
        writer.write_frame(&Frame {
            velocities: Some(positions.clone()),
            forces: Some(positions.clone()),
            positions,
            cell: Cell::from_lengths_angles([3.0, 3.0, 4.0], [90.0, 90.0, 60.0]),
            time: Some(f64::from(index)),
            step: Some(i64::from(index)),
        })?;
    }
    writer.finish()
}

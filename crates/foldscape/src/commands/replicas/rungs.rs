//! Frames of one temperature among those of a replica exchange.

use anyhow::{Context, Result, ensure};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Temperatures (K) that count as equal: the table has three decimals.
const TOLERANCE: f64 = 2e-3;
/// Times are compared in steps of this, ps.
const TICK: f64 = 1e-3;

/// When each replica was at one temperature, from the table that a simulation writes beside its frames.
pub(in crate::commands) struct Rungs {
    /// Temperature at (replica, time in ticks).
    known: HashMap<(usize, i64), bool>,
    table: String,
}

impl Rungs {
    /// Reads columns `time_ps`, `replica` and `temperature_K` of a CSV table.
    pub(in crate::commands) fn read(path: &Path, temperature: f64) -> Result<Self> {
        let place = || path.display().to_string();
        let file = std::fs::File::open(path).with_context(place)?;
        let mut lines = BufReader::new(file).lines();
        let header = lines.next().with_context(place)?.with_context(place)?;
        let column = |name: &str| {
            header
                .split(',')
                .position(|found| found.trim() == name)
                .with_context(|| format!("{}: no column {name}", path.display()))
        };
        let columns = [
            column("time_ps")?,
            column("replica")?,
            column("temperature_K")?,
        ];
        let mut known = HashMap::new();
        for (number, line) in lines.enumerate() {
            let line = line.with_context(place)?;
            let fields: Vec<&str> = line.split(',').collect();
            let number_of = |column: usize| -> Result<f64> {
                fields
                    .get(column)
                    .and_then(|text| text.trim().parse().ok())
                    .with_context(|| {
                        format!(
                            "{}, line {}: expected a number, found {line:?}",
                            path.display(),
                            number + 2
                        )
                    })
            };
            let [time, replica, at] = [
                number_of(columns[0])?,
                number_of(columns[1])?,
                number_of(columns[2])?,
            ];
            let here = (at - temperature).abs() < TOLERANCE;
            known.insert((replica as usize, ticks(time)), here);
        }
        ensure!(
            known.values().any(|&here| here),
            "{}: no replica was ever at {temperature} K",
            path.display()
        );
        Ok(Self {
            known,
            table: place(),
        })
    }

    /// The same where there are both a table and a temperature.
    pub(in crate::commands) fn read_if_any(
        table: Option<&Path>,
        temperature: Option<f64>,
    ) -> Result<Option<Self>> {
        table
            .zip(temperature)
            .map(|(table, kelvin)| Self::read(table, kelvin))
            .transpose()
    }

    /// Whether the frame of this time (ps) of a trajectory file was at the temperature.
    pub(in crate::commands) fn wants(&self, path: &Path, time: Option<f64>) -> Result<bool> {
        let replica = replica_of(path).with_context(|| {
            format!(
                "{}: expected a name with .r and a replica's number, as in run.r003.trr",
                path.display()
            )
        })?;
        let time = time.with_context(|| format!("{}: a frame without a time", path.display()))?;
        self.known
            .get(&(replica, ticks(time)))
            .copied()
            .with_context(|| {
                format!(
                    "{}: {} has no line for replica {replica} at {time} ps",
                    path.display(),
                    self.table
                )
            })
    }
}

fn ticks(time: f64) -> i64 {
    (time / TICK).round() as i64
}

/// 3 of `run.r003.trr`.
fn replica_of(path: &Path) -> Option<usize> {
    let name = path.file_name()?.to_str()?;
    name.split('.')
        .rev()
        .find_map(|part| part.strip_prefix('r')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_one_temperature_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.csv");
        let text = "step,time_ps,replica,temperature_K,potential_kJ/mol\n\
                    100,0.400000,0,300.000,-1\n100,0.400000,1,315.000,-2\n\
                    200,0.800000,0,315.000,-1\n200,0.800000,1,300.000,-2\n";
        std::fs::write(&path, text).unwrap();
        let rungs = Rungs::read(&path, 315.0).unwrap();
        let wants = |name: &str, time| rungs.wants(Path::new(name), Some(time));
        assert!(!wants("a/run.r000.trr", 0.4).unwrap());
        // times of TRR files are f32
        assert!(wants("a/run.r000.trr", f64::from(0.8_f32)).unwrap());
        assert!(wants("run.r001.trr", 0.4).unwrap());
        for (name, time, part) in [
            ("run.r002.trr", 0.4, "replica 2"),
            ("run.r000.trr", 1.2, "1.2 ps"),
            ("run.trr", 0.4, "run.r003.trr"),
        ] {
            let message = wants(name, time).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
        let message = Rungs::read(&path, 310.0).err().unwrap().to_string();
        assert!(message.contains("310 K"), "{message}");
        std::fs::write(&path, format!("{text}300,1.2,0\n")).unwrap();
        let message = Rungs::read(&path, 315.0).err().unwrap().to_string();
        assert!(message.contains("line 6"), "{message}");
    }
}

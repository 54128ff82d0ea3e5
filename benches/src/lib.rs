//! What the benches share.

use molio::{Topology, Trajectory};
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A bench ends at the first error, which its user reads.
pub type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// A file of the CLN025 run that the repository carries: `pdb`, or 1,150 frames as `xtc`.
pub fn cln025_file(extension: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/foldscape/data/cln025")
        .with_extension(extension)
}

/// CLN025 (166 atoms) and the first frames of its run.
///
/// # Errors
/// Fewer frames in the file, or no file.
pub fn cln025(n_frames: usize) -> Result<(Topology, Trajectory)> {
    let topology = molio::read_topology(cln025_file("pdb"))?;
    let mut trajectory = Trajectory::new(topology.n_atoms());
    molio::open(cln025_file("xtc"))?.for_each(&mut |frame| {
        trajectory.push(frame)?;
        Ok(trajectory.n_frames() < n_frames)
    })?;
    if trajectory.n_frames() < n_frames {
        return Err(format!("fewer than {n_frames} frames").into());
    }
    Ok((topology, trajectory))
}

/// Seconds on the clock, and of all processors together.
#[derive(Clone, Copy, Debug)]
pub struct Seconds {
    /// On the clock.
    pub wall: f64,
    /// User and system time of all threads.
    pub cpu: f64,
}

/// The smallest of each kind over the repeats: what the machine does when left alone.
pub fn least(times: &[Seconds]) -> Seconds {
    let least = |f: fn(&Seconds) -> f64| times.iter().map(f).fold(f64::INFINITY, f64::min);
    Seconds {
        wall: least(|s| s.wall),
        cpu: least(|s| s.cpu),
    }
}

/// A line of the result, on standard output.
pub fn report(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
}

/// User and system time of this process, from Linux's /proc (100 ticks a second).
///
/// # Errors
/// A system without /proc.
pub fn processor_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat
        .rsplit(')')
        .next()
        .ok_or("/proc/self/stat without a name")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}

/// A script of `peers/`, which does one repeat for each line that it is sent and answers with its seconds.
pub struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a script that has its arguments.
    ///
    /// # Errors
    /// No such interpreter.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().ok_or("no pipe to the peer")?;
        let output = BufReader::new(child.stdout.take().ok_or("no pipe from the peer")?);
        Ok(Self {
            child,
            input,
            output,
        })
    }

    /// One repeat of what `line` says.
    ///
    /// # Errors
    /// The peer ended, or gave no time.
    pub fn repeat(&mut self, line: &str) -> Result<Seconds> {
        writeln!(self.input, "{line}")?;
        self.input.flush()?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let answer: serde_json::Value = serde_json::from_str(&line)?;
        let number = |key: &str| answer[key].as_f64().ok_or("the peer gave no time");
        Ok(Seconds {
            wall: number("wall")?,
            cpu: number("cpu")?,
        })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

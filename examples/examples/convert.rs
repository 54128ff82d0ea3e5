//! Any trajectory format to any other, one frame in memory: `convert run.xtc protein.pdb run.dcd`.

#![allow(clippy::print_stdout)]

use std::env::args;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let (Some(input), Some(topology), Some(output)) = (args().nth(1), args().nth(2), args().nth(3))
    else {
        return Err("usage: convert TRAJECTORY TOPOLOGY OUT".into());
    };
    let topology = molio::read_topology(topology)?;
    let mut writer = molio::create(&output, &topology)?;
    let mut n_frames = 0;
    molio::open(input)?.for_each(&mut |frame| {
        n_frames += 1;
        writer.write_frame(frame).map(|()| true)
    })?;
    writer.finish()?;
    println!("{n_frames} frames in {output}");
    Ok(())
}

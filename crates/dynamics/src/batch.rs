//! Many conformers of one system, laid out for SIMD.

/// Conformers per block: one AVX-512 register of `f32`, two of AVX2.
pub const LANES: usize = 16;

/// One number of each of the [`LANES`] conformers of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub struct Lanes(pub [f32; LANES]);

impl Lanes {
    /// All lanes zero.
    pub const ZERO: Self = Self([0.0; LANES]);
}

/// Positions of a batch of conformers, and room for their forces.
///
/// Conformers are grouped into blocks of [`LANES`]; within a block the layout is
/// `[atom][x, y, z][conformer]`, so a pair kernel loads each coordinate of sixteen conformers with
/// one instruction. The last block is padded with copies of its last conformer: padded lanes hold
/// real geometry, cost nothing extra, and their results are ignored.
///
/// # Shapes
/// `positions`, `forces`: `[n_blocks][n_atoms][3]` [`Lanes`], in nm and kJ/mol/nm.
#[derive(Clone, Debug)]
pub struct Batch {
    n_atoms: usize,
    n_conformers: usize,
    /// Positions in nm.
    pub positions: Vec<[Lanes; 3]>,
    /// Forces in kJ/mol/nm.
    pub forces: Vec<[Lanes; 3]>,
}

impl Batch {
    /// A batch of `n_conformers`, all positions and forces zero.
    pub fn new(n_atoms: usize, n_conformers: usize) -> Self {
        let len = n_conformers.div_ceil(LANES) * n_atoms;
        let zeros = vec![[Lanes::ZERO; 3]; len];
        Self {
            n_atoms,
            n_conformers,
            positions: zeros.clone(),
            forces: zeros,
        }
    }

    /// A batch from conformers one after the other.
    ///
    /// # Shapes
    /// `positions`: `[n_conformers][n_atoms][3]`, flat over conformers, nm.
    ///
    /// # Panics
    /// If the length is not a multiple of `n_atoms`.
    pub fn from_positions(n_atoms: usize, positions: &[[f32; 3]]) -> Self {
        let n_conformers = positions.len().checked_div(n_atoms).unwrap_or(0);
        assert_eq!(
            n_conformers * n_atoms,
            positions.len(),
            "positions of whole conformers"
        );
        let mut batch = Self::new(n_atoms, n_conformers);
        for (index, conformer) in positions.chunks_exact(n_atoms.max(1)).enumerate() {
            batch.set_positions(index, conformer);
        }
        batch
    }

    /// Number of atoms of each conformer.
    pub fn n_atoms(&self) -> usize {
        self.n_atoms
    }

    /// Number of conformers, padding not counted.
    pub fn n_conformers(&self) -> usize {
        self.n_conformers
    }

    /// Number of blocks of [`LANES`] conformers.
    pub fn n_blocks(&self) -> usize {
        self.n_conformers.div_ceil(LANES)
    }

    /// Puts a conformer's positions (nm) into the batch.
    ///
    /// # Panics
    /// If there is no such conformer, or the number of atoms differs.
    pub fn set_positions(&mut self, conformer: usize, positions: &[[f32; 3]]) {
        assert!(
            conformer < self.n_conformers,
            "conformer {conformer} of {}",
            self.n_conformers
        );
        assert_eq!(
            positions.len(),
            self.n_atoms,
            "atoms of conformer {conformer}"
        );
        let (block, lane) = (conformer / LANES, conformer % LANES);
        let last = conformer + 1 == self.n_conformers;
        for (target, position) in self.positions[block * self.n_atoms..]
            .iter_mut()
            .zip(positions)
        {
            for axis in 0..3 {
                target[axis].0[lane] = position[axis];
                if last {
                    target[axis].0[lane..].fill(position[axis]);
                }
            }
        }
    }

    /// Copies a conformer's positions (nm) out of the batch.
    ///
    /// # Panics
    /// If there is no such conformer, or `out` has another number of atoms.
    pub fn copy_positions(&self, conformer: usize, out: &mut [[f32; 3]]) {
        self.copy_lane(&self.positions, conformer, out);
    }

    /// Copies a conformer's forces (kJ/mol/nm) out of the batch.
    ///
    /// # Panics
    /// If there is no such conformer, or `out` has another number of atoms.
    pub fn copy_forces(&self, conformer: usize, out: &mut [[f32; 3]]) {
        self.copy_lane(&self.forces, conformer, out);
    }

    /// Puts a conformer's forces (kJ/mol/nm) into the batch, for potentials that evaluate one at a time.
    ///
    /// # Panics
    /// If there is no such conformer, or the number of atoms differs.
    pub fn set_forces(&mut self, conformer: usize, forces: &[[f32; 3]]) {
        assert!(
            conformer < self.n_conformers,
            "conformer {conformer} of {}",
            self.n_conformers
        );
        assert_eq!(forces.len(), self.n_atoms, "atoms of conformer {conformer}");
        let (block, lane) = (conformer / LANES, conformer % LANES);
        for (target, force) in self.forces[block * self.n_atoms..].iter_mut().zip(forces) {
            for axis in 0..3 {
                target[axis].0[lane] = force[axis];
            }
        }
    }

    /// One block, to evaluate on its own.
    ///
    /// # Panics
    /// If `index` is not below [`Batch::n_blocks`].
    pub fn block_mut(&mut self, index: usize) -> BlockMut<'_> {
        assert!(
            index < self.n_blocks(),
            "block {index} of {}",
            self.n_blocks()
        );
        let atoms = index * self.n_atoms..(index + 1) * self.n_atoms;
        BlockMut {
            n_used: (self.n_conformers - index * LANES).min(LANES),
            positions: &self.positions[atoms.clone()],
            forces: &mut self.forces[atoms],
        }
    }

    /// All blocks, to evaluate side by side.
    pub fn blocks_mut(&mut self) -> Vec<BlockMut<'_>> {
        let (n_conformers, n_atoms) = (self.n_conformers, self.n_atoms.max(1));
        self.positions
            .chunks_exact(n_atoms)
            .zip(self.forces.chunks_exact_mut(n_atoms))
            .enumerate()
            .map(|(index, (positions, forces))| BlockMut {
                n_used: (n_conformers - index * LANES).min(LANES),
                positions,
                forces,
            })
            .collect()
    }

    fn copy_lane(&self, from: &[[Lanes; 3]], conformer: usize, out: &mut [[f32; 3]]) {
        assert!(
            conformer < self.n_conformers,
            "conformer {conformer} of {}",
            self.n_conformers
        );
        assert_eq!(out.len(), self.n_atoms, "atoms of conformer {conformer}");
        let (block, lane) = (conformer / LANES, conformer % LANES);
        for (source, target) in from[block * self.n_atoms..].iter().zip(out) {
            *target = [source[0].0[lane], source[1].0[lane], source[2].0[lane]];
        }
    }
}

/// One block of [`LANES`] conformers: positions to read, forces to write.
///
/// # Shapes
/// `positions`, `forces`: `[n_atoms][3]` [`Lanes`], in nm and kJ/mol/nm.
#[derive(Debug)]
pub struct BlockMut<'a> {
    /// Positions in nm; lanes from `n_used` on repeat a conformer.
    pub positions: &'a [[Lanes; 3]],
    /// Forces in kJ/mol/nm; what is written to lanes from `n_used` on is ignored.
    pub forces: &'a mut [[Lanes; 3]],
    /// Lanes that hold a conformer of their own, at least one.
    pub n_used: usize,
}

impl BlockMut<'_> {
    /// Number of atoms of each conformer.
    pub fn n_atoms(&self) -> usize {
        self.positions.len()
    }

    /// Copies the positions (nm) of one lane out.
    ///
    /// # Panics
    /// If `lane` is not below [`LANES`], or `out` has another number of atoms.
    pub fn copy_positions(&self, lane: usize, out: &mut [[f32; 3]]) {
        assert_eq!(out.len(), self.n_atoms(), "atoms of lane {lane}");
        for (source, target) in self.positions.iter().zip(out) {
            *target = [source[0].0[lane], source[1].0[lane], source[2].0[lane]];
        }
    }

    /// Puts the forces (kJ/mol/nm) of one lane in.
    ///
    /// # Panics
    /// If `lane` is not below [`LANES`], or the number of atoms differs.
    pub fn set_forces(&mut self, lane: usize, forces: &[[f32; 3]]) {
        assert_eq!(forces.len(), self.n_atoms(), "atoms of lane {lane}");
        for (target, force) in self.forces.iter_mut().zip(forces) {
            for axis in 0..3 {
                target[axis].0[lane] = force[axis];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conformers_go_in_and_come_out() {
        let positions: Vec<[f32; 3]> = (0..3 * 18).map(|i| [i as f32, 0.5, -(i as f32)]).collect();
        let batch = Batch::from_positions(3, &positions);
        assert_eq!((batch.n_conformers(), batch.n_blocks()), (18, 2));
        let mut out = [[0.0; 3]; 3];
        for conformer in 0..18 {
            batch.copy_positions(conformer, &mut out);
            assert_eq!(out[..], positions[3 * conformer..3 * conformer + 3]);
        }
    }

    #[test]
    fn blocks_see_their_own_conformers() {
        let positions: Vec<[f32; 3]> = (0..2 * 18).map(|i| [i as f32; 3]).collect();
        let mut batch = Batch::from_positions(2, &positions);
        let used: Vec<usize> = batch
            .blocks_mut()
            .iter()
            .map(|block| block.n_used)
            .collect();
        assert_eq!(used, [16, 2]);
        let mut block = batch.block_mut(1);
        let mut out = [[0.0; 3]; 2];
        block.copy_positions(1, &mut out);
        assert_eq!(out, [[34.0; 3], [35.0; 3]]);
        block.set_forces(1, &[[1.0; 3], [2.0; 3]]);
        batch.copy_forces(17, &mut out);
        assert_eq!(out, [[1.0; 3], [2.0; 3]]);
    }

    #[test]
    fn padding_repeats_the_last_conformer() {
        let batch = Batch::from_positions(1, &[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert_eq!(batch.positions[0][0].0[1..], [4.0; 15]);
    }
}

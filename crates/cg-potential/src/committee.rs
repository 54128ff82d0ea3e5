//! Several networks that are trained together and disagree where they were not taught.

use crate::{Error, ForceModel, Network, NetworkConfig, Result};

/// K networks of one shape with different first weights.
///
/// As a [`ForceModel`] its forces are the members' mean, and its force loss is the mean of the members'
/// losses, so that training it trains each member as if alone. The variance of the members' forces says
/// where the data did not reach.
///
/// # Examples
/// ```
/// use cg_potential::{Committee, NetworkConfig};
///
/// let committee = Committee::new(&NetworkConfig::named("ucsc")?, &[4, 5, 8], 3, 7)?;
/// let near = [[0.0; 3], [0.4, 0.0, 0.0], [0.5, 0.4, 0.0]];
/// let far = [[0.0; 3], [5.0, 0.0, 0.0], [0.0, 5.0, 0.0]];
/// let frames = [near, far].concat();
/// let variance = committee.force_variance(&frames);
/// assert!(variance[0] > 0.0 && variance[1] == 0.0);
/// # Ok::<(), cg_potential::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Committee {
    /// Shape and beads of every member.
    template: Network,
    n_members: usize,
    /// Members one after the other.
    parameters: Vec<f32>,
}

impl Committee {
    /// `n_members` networks with weights drawn from seeds `seed`, `seed` + 1, …
    ///
    /// # Errors
    /// As [`Network::new`], and [`Error::Setting`] for no members.
    pub fn new(
        config: &NetworkConfig,
        bead_types: &[u32],
        n_members: usize,
        seed: u64,
    ) -> Result<Self> {
        let seeds = (0..n_members as u64).map(|member| seed.wrapping_add(member));
        let members = seeds
            .map(|seed| Network::new(config.clone(), bead_types, seed))
            .collect::<Result<Vec<_>>>()?;
        Self::from_members(&members)
    }

    /// A committee of these networks.
    ///
    /// # Errors
    /// [`Error::Setting`] for no members, or members of different shapes or beads.
    pub fn from_members(members: &[Network]) -> Result<Self> {
        let Some(template) = members.first() else {
            return Err(Error::setting("members", "at least 1", 0));
        };
        let alike = |member: &Network| {
            member.config() == template.config()
                && member.bead_types() == template.bead_types()
                && member.residues() == template.residues()
        };
        if let Some(odd) = members.iter().position(|member| !alike(member)) {
            return Err(Error::setting(
                "members",
                "one shape and one bead system",
                odd,
            ));
        }
        Ok(Self {
            template: template.clone(),
            n_members: members.len(),
            parameters: members
                .iter()
                .flat_map(|m| m.parameters().to_vec())
                .collect(),
        })
    }

    /// Number of members.
    pub fn n_members(&self) -> usize {
        self.n_members
    }

    /// One member.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn member(&self, index: usize) -> Network {
        let mut network = self.template.clone();
        let n = network.parameters().len();
        let range = index * n..(index + 1) * n;
        network
            .parameters_mut()
            .copy_from_slice(&self.parameters[range]);
        network
    }

    /// Variance of the members' forces in each frame, (kJ/mol/nm)²: the unbiased variance over members,
    /// averaged over beads and axes; 0 for a single member.
    ///
    /// # Shapes
    /// `positions`: `[n_frames][n_beads][3]`, flat over frames, nm.
    ///
    /// # Panics
    /// If `positions` is not of whole frames.
    pub fn force_variance(&self, positions: &[[f32; 3]]) -> Vec<f64> {
        let n = self.n_beads();
        let all = self.forces_of_members(positions).1;
        let k = self.n_members as f64;
        (0..positions.len() / n)
            .map(|frame| {
                let mut sum = 0.0;
                for row in frame * n..(frame + 1) * n {
                    for axis in 0..3 {
                        let of_members = || all.iter().map(|forces| f64::from(forces[row][axis]));
                        let mean = of_members().sum::<f64>() / k;
                        sum += of_members().map(|f| (f - mean) * (f - mean)).sum::<f64>();
                    }
                }
                sum / (k - 1.0).max(1.0) / (3 * n) as f64
            })
            .collect()
    }

    /// Energies and forces of each member.
    fn forces_of_members(&self, positions: &[[f32; 3]]) -> (Vec<Vec<f64>>, Vec<Vec<[f32; 3]>>) {
        (0..self.n_members)
            .map(|index| {
                let mut forces = vec![[0.0; 3]; positions.len()];
                (
                    self.member(index).energies_forces(positions, &mut forces),
                    forces,
                )
            })
            .unzip()
    }
}

impl ForceModel for Committee {
    fn n_beads(&self) -> usize {
        self.template.bead_types().len()
    }

    fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut [f32] {
        &mut self.parameters
    }

    fn energies_forces(&self, positions: &[[f32; 3]], forces: &mut [[f32; 3]]) -> Vec<f64> {
        assert_eq!(forces.len(), positions.len(), "forces");
        let (energies, all) = self.forces_of_members(positions);
        let k = self.n_members as f64;
        for (row, force) in forces.iter_mut().enumerate() {
            for axis in 0..3 {
                let sum: f64 = all.iter().map(|forces| f64::from(forces[row][axis])).sum();
                force[axis] = (sum / k) as f32;
            }
        }
        (0..positions.len() / self.n_beads())
            .map(|frame| energies.iter().map(|energies| energies[frame]).sum::<f64>() / k)
            .collect()
    }

    fn force_loss(
        &self,
        positions: &[[f32; 3]],
        targets: &[[f32; 3]],
        weights: &[[f32; 3]],
        gradient: &mut [f32],
    ) -> f64 {
        let n = self.template.parameters().len();
        assert_eq!(gradient.len(), self.parameters.len(), "gradient");
        let share = 1.0 / self.n_members as f32;
        let mut of_member = vec![0.0; n];
        let mut loss = 0.0;
        for (index, gradient) in gradient.chunks_exact_mut(n).enumerate() {
            of_member.fill(0.0);
            loss += self
                .member(index)
                .force_loss(positions, targets, weights, &mut of_member);
            for (sum, g) in gradient.iter_mut().zip(&of_member) {
                *sum += share * g;
            }
        }
        loss / self.n_members as f64
    }

    fn energy_gradient(
        &self,
        positions: &[[f32; 3]],
        scales: &[f32],
        gradient: &mut [f32],
    ) -> Vec<f64> {
        let n = self.template.parameters().len();
        assert_eq!(gradient.len(), self.parameters.len(), "gradient");
        let k = self.n_members as f64;
        let shares: Vec<f32> = scales.iter().map(|s| (f64::from(*s) / k) as f32).collect();
        let mut mean = vec![0.0; scales.len()];
        for (index, gradient) in gradient.chunks_exact_mut(n).enumerate() {
            let member = self.member(index);
            let energies = member.energy_gradient(positions, &shares, gradient);
            for (sum, energy) in mean.iter_mut().zip(energies) {
                *sum += energy / k;
            }
        }
        mean
    }
}

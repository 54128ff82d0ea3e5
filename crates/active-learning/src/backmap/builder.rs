//! `molio`'s builder as the one that fills in atoms.

use super::AtomBuilder;
use crate::BoxError;
use molio::{ProteinBuilder, SideChainConfig, Topology};

impl AtomBuilder for ProteinBuilder {
    fn topology(&self) -> &Topology {
        self.topology()
    }

    /// The rotamers of least score without a seed, with one a sample as frequent as in the library.
    fn complete(
        &self,
        known: &[Option<[f32; 3]>],
        seed: Option<u64>,
    ) -> Result<Vec<[f32; 3]>, BoxError> {
        let config = SideChainConfig {
            seed: seed.unwrap_or(0),
            temperature: if seed.is_some() { 1.0 } else { 0.0 },
            ..SideChainConfig::default()
        };
        Ok(ProteinBuilder::complete(self, known, &config)?)
    }
}

//! Which frames to ask about.

use super::config::{Config, Method};
use super::data::Data;
use super::model::model_file;
use super::slow;
use active_learning::{
    BoxError, FarthestFirst, FarthestRanked, RandomChoice, Ranked, Selector, Space, SparseRegions,
    Summary, committee_force_deviation,
};
use anyhow::{Context, Result};
use cg_potential::{CgModel, CgPotential};
use dynamics::Potential;
use molio::Trajectory;
use std::sync::Arc;

pub(super) fn selector(config: &Config, data: &Data) -> Result<Box<dyn Selector>> {
    let wanted = &config.selection;
    let separation = wanted.separation;
    Ok(match wanted.method {
        Method::FarthestFirst => Box::new(FarthestFirst {
            min_distance: separation.max(FarthestFirst::rmsd().min_distance),
            ..FarthestFirst::rmsd()
        }),
        Method::TopK => Box::new(FarthestRanked {
            space: Space::Rmsd,
            separation,
        }),
        Method::Random => Box::new(RandomChoice { seed: config.seed }),
        Method::Committee => Box::new(Ranked {
            score: committee(config),
            space: Space::Rmsd,
            separation,
        }),
        Method::TicaDensity => Box::new(SparseRegions {
            space: tica_space(data, wanted.lag)?,
            neighbours: wanted.neighbours,
            separation,
        }),
    })
}

/// How much the networks of the model disagree whose frames are candidates.
fn committee(config: &Config) -> Arc<active_learning::Score> {
    let (folder, members) = (config.folder.clone(), config.selection.members);
    let follow = config.rounds.follow_rejected;
    let score = move |candidates: &Trajectory| -> Result<Vec<f64>> {
        let path = folder.join("summary.json");
        let text = std::fs::read(&path).with_context(|| path.display().to_string())?;
        let summary: Summary =
            serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        let (round, attempt) = summary
            .followed(follow)
            .context("no model is accepted yet")?;
        let model = folder.join(format!("round-{round:03}/attempt-{attempt}/model"));
        let load = |member| -> Result<CgPotential> {
            Ok(CgModel::load(&model_file(&model, member))?.potential()?)
        };
        let potentials: Vec<CgPotential> = (0..=members).map(load).collect::<Result<_>>()?;
        let potentials: Vec<&dyn Potential> =
            potentials.iter().map(|p| p as &dyn Potential).collect();
        Ok(committee_force_deviation(&potentials, candidates)?)
    };
    Arc::new(move |candidates: &Trajectory, _: &Trajectory| {
        score(candidates).map_err(BoxError::from)
    })
}

/// The two slowest components of the base set's distances between beads.
fn tica_space(data: &Data, lag: usize) -> Result<Space> {
    let tica = slow::fit(&data.base_trajectories()?, lag).context("selection")?;
    let components = tica.n_components().min(2);
    Ok(Space::Features(Arc::new(
        move |positions: &[[f32; 3]]| {
            let projected = tica.project(&slow::distances(positions))?;
            Ok(projected[..components].iter().map(|&x| x as f32).collect())
        },
    )))
}

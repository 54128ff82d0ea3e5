use super::*;
use autoencoder::{Autoencoder, Parameters, Standardisation, ops};
use candle_core::Device;
use forcefield_gpu::{ForceField, MOLEARN_ATOMS, Reference, subset_atoms};
use molio::Trajectory;

const SCALE: Standardisation = Standardisation {
    mean: 0.1,
    std: 0.4,
};
const LATENT: usize = 2;

/// CLN025's backbone and CB atoms, and positions (nm).
fn chignolin() -> (Topology, Vec<[f32; 3]>) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/cln025.pdb");
    let topology = molio::read_topology(file).unwrap();
    let atoms = subset_atoms(&topology, &MOLEARN_ATOMS).unwrap();
    let frame = Trajectory::read(file).unwrap().frame(0).select(&atoms);
    (topology.select(&atoms), frame.positions)
}

fn random(n: usize, stream: u32, size: f64) -> Vec<f64> {
    let draw = |i: usize| uniform(philox([i as u32, stream, 0, 0], 7)[0]);
    (0..n).map(|i| size * (2.0 * draw(i) - 1.0)).collect()
}

fn tensor(values: &[f64], shape: &[usize]) -> Tensor {
    let values: Vec<f32> = values.iter().map(|&v| v as f32).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// Mean energy as a function of the decoder's weights.
type Loss<'a> = &'a dyn Fn(&[f64]) -> f64;

/// x = z · up + base; encoding is not asked for.
struct Linear {
    n_atoms: usize,
    up: Tensor,
    base: Tensor,
}

impl Autoencoder for Linear {
    fn n_atoms(&self) -> usize {
        self.n_atoms
    }

    fn encode(&self, positions: &Tensor) -> autoencoder::Result<Tensor> {
        Ok(positions.flatten_from(1)?.narrow(1, 0, LATENT)?)
    }

    fn decode(&self, latent: &Tensor) -> autoencoder::Result<Tensor> {
        let flat = ops::linear(latent, &self.up)?.broadcast_add(&self.base)?;
        Ok(flat.reshape(((), self.n_atoms, 3))?)
    }
}

fn config(nonbonded: NonbondedModel) -> PhysicsConfig {
    PhysicsConfig {
        frames: Some(Weight::Fixed(1.0)),
        nonbonded,
        ..PhysicsConfig::new(Weight::Fixed(1.0))
    }
}

/// The gradient of both terms by the decoder's weights, against the f64 reference's energies.
#[test]
fn gradients_go_through_the_decoder() {
    let (topology, start) = chignolin();
    let (n_atoms, batch, seed) = (topology.n_atoms(), 5, 11);
    let base: Vec<f64> = start
        .iter()
        .flatten()
        .map(|&x| (f64::from(x) - SCALE.mean) / SCALE.std)
        .collect();
    let codes = random(batch * LATENT, 1, 1.0);
    let weights = random(LATENT * base.len(), 2, 0.02);
    for nonbonded in [NonbondedModel::Soft, NonbondedModel::Full] {
        let config = config(nonbonded);
        let reference = Reference::new(config.system(&topology).unwrap()).unwrap();
        let energy = |weights: &[f64], code: [f64; LATENT]| -> f64 {
            let positions: Vec<[f64; 3]> = (0..n_atoms)
                .map(|atom| {
                    std::array::from_fn(|axis| {
                        let at = 3 * atom + axis;
                        let moved = (0..LATENT).map(|k| code[k] * weights[k * base.len() + at]);
                        SCALE.mean + SCALE.std * (base[at] + moved.sum::<f64>())
                    })
                })
                .collect();
            let mut forces = vec![[0.0; 3]; n_atoms];
            reference.evaluate(&positions, &mut forces).unwrap().total()
        };
        let code = |frame: usize| [codes[frame * LATENT], codes[frame * LATENT + 1]];
        let alpha = fractions(batch / 2, seed);
        let of_frames = |weights: &[f64]| {
            (0..batch)
                .map(|frame| energy(weights, code(frame)))
                .sum::<f64>()
                / batch as f64
        };
        let of_interpolations = |weights: &[f64]| {
            let between = |pair: usize| {
                let (a, b, t) = (code(2 * pair), code(2 * pair + 1), f64::from(alpha[pair]));
                energy(weights, [0, 1].map(|k| (1.0 - t) * a[k] + t * b[k]))
            };
            (0..batch / 2).map(between).sum::<f64>() / (batch / 2) as f64
        };
        let expected: [Loss<'_>; 2] = [&of_interpolations, &of_frames];

        let mut parameters = Parameters::new(1, &Device::Cpu);
        let up = parameters
            .uniform("up", &[LATENT, base.len()], 1.0)
            .unwrap();
        for (_, variable) in parameters.variables() {
            variable
                .set(&tensor(&weights, &[LATENT, base.len()]))
                .unwrap();
        }
        let model = Linear {
            n_atoms,
            up,
            base: tensor(&base, &[base.len()]),
        };
        let latent = tensor(&codes, &[batch, LATENT]);
        let decoded = model.decode(&latent).unwrap();
        let context = LossContext {
            model: &model,
            positions: &decoded,
            latent: &latent,
            decoded: &decoded,
            standardisation: SCALE,
            seed,
            training: true,
        };
        let physics = config.terms(&topology).unwrap();
        for (term, expected) in physics.terms.iter().zip(expected) {
            let value = term.term.evaluate(&context).unwrap();
            let found = f64::from(value.to_scalar::<f32>().unwrap());
            assert!((found / expected(&weights) - 1.0).abs() < 1e-4, "{found}");
            let gradients = value.backward().unwrap();
            let (_, variable) = parameters.variables().next().unwrap();
            let gradient = gradients.get(variable).unwrap().flatten_all().unwrap();
            let gradient = gradient.to_vec1::<f32>().unwrap();
            let largest = gradient.iter().fold(0.0f32, |m, g| m.max(g.abs()));
            for k in (0..weights.len()).step_by(7) {
                let at = |step: f64| {
                    let mut moved = weights.clone();
                    moved[k] += step;
                    expected(&moved)
                };
                let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
                let error = (f64::from(gradient[k]) - slope).abs();
                assert!(
                    error < 1e-3 * f64::from(largest),
                    "{k}: {} {slope}",
                    gradient[k]
                );
            }
        }
        assert_eq!(physics.masked.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn interpolations_lie_between_neighbours_and_differ_by_seed() {
    let codes = tensor(&[0.0, 0.0, 1.0, 2.0, 5.0, 5.0, 7.0, 9.0, 3.0, 3.0], &[5, 2]);
    let between = |seed| interpolate(&codes, seed).unwrap().to_vec2::<f32>().unwrap();
    let (one, other) = (between(1), between(2));
    assert_eq!((one.len(), &one), (2, &between(1)));
    assert!(one[0] != other[0] && (one[0][0] * 2.0 - one[0][1]).abs() < 1e-6);
    assert!((0.0..1.0).contains(&one[0][0]) && (5.0..7.0).contains(&one[1][0]));
    let single = codes.narrow(0, 3, 1).unwrap();
    let same = interpolate(&single, 1).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(same, [[7.0, 9.0]]);
}

#[test]
fn conformers_without_energy_are_masked_or_refused() {
    let (topology, start) = chignolin();
    let standard: Vec<f64> = start
        .iter()
        .flatten()
        .map(|&x| (f64::from(x) - SCALE.mean) / SCALE.std)
        .collect();
    let model = Linear {
        n_atoms: topology.n_atoms(),
        up: Tensor::zeros(
            (LATENT, standard.len()),
            candle_core::DType::F32,
            &Device::Cpu,
        )
        .unwrap(),
        base: tensor(&standard, &[standard.len()]),
    };
    let latent = tensor(&[0.0; 4], &[2, LATENT]);
    let sound = model.decode(&latent).unwrap();
    let collapsed = sound.narrow(0, 0, 1).unwrap().affine(0.0, 0.0).unwrap();
    let decoded = Tensor::cat(&[&sound, &collapsed], 0).unwrap();
    let evaluate = |config: &PhysicsConfig, decoded: &Tensor| {
        let physics = config.terms(&topology).unwrap();
        let context = LossContext {
            model: &model,
            positions: decoded,
            latent: &latent,
            decoded,
            standardisation: SCALE,
            seed: 1,
            training: true,
        };
        let value = physics.terms[1].term.evaluate(&context)?;
        let value = value.to_scalar::<f32>().unwrap();
        Ok::<_, BoxError>((value, physics.masked.load(Ordering::Relaxed)))
    };
    let mask = config(NonbondedModel::Full);
    let (alone, none) = evaluate(&mask, &sound).unwrap();
    let (with_collapsed, one) = evaluate(&mask, &decoded).unwrap();
    assert_eq!((none, one), (0, 1));
    assert_eq!(alone, with_collapsed);
    let strict = PhysicsConfig {
        nonfinite: OnNonfinite::Error,
        ..mask
    };
    let message = evaluate(&strict, &decoded).unwrap_err().to_string();
    assert!(message.contains("conformer 2"), "{message}");
}

#[test]
fn whole_residues_get_the_whole_force_field() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/cln025.pdb");
    let topology = molio::read_topology(file).unwrap();
    let in_water = PhysicsConfig {
        solvent: SolventModel::Gbn2,
        ..config(NonbondedModel::Full)
    };
    let expected = ForceField::ff14sb()
        .unwrap()
        .create_system(&topology, &physics::options(SolventModel::Gbn2))
        .unwrap();
    assert!(in_water.system(&topology).unwrap() == expected);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let (topology, _) = chignolin();
    let soft_in_water = PhysicsConfig {
        solvent: SolventModel::Gbn2,
        ..config(NonbondedModel::Soft)
    };
    assert!(soft_in_water.terms(&topology).is_err());
    let nothing = PhysicsConfig {
        interpolations: None,
        frames: None,
        ..config(NonbondedModel::Soft)
    };
    assert!(nothing.terms(&topology).is_err());
    let negative = PhysicsConfig {
        force_clamp: -1.0,
        ..config(NonbondedModel::Soft)
    };
    assert!(negative.terms(&topology).is_err());
    let text =
        "interpolations = { gradient_share = { share = 0.1, memory = 0.9 } }\nforce_clamp = 1e8";
    let read: PhysicsConfig = toml::from_str(text).unwrap();
    assert_eq!((read.energy_clamp, read.force_clamp), (1e34, 1e8));
    assert!(toml::from_str::<PhysicsConfig>("interpolation = { fixed = 1.0 }").is_err());
}

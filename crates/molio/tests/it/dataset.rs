//! Datasets: batches, statistics, splits, both backings, and input that cannot be used.

use molio::{
    Alignment, AtomRecord, Backing, Dataset, DatasetConfig, DatasetDescription, Element, Error,
    Fractions, Frame, FrameReader, Representatives, Result, Source, Split, SplitMethod, Topology,
    TopologyBuilder, Trajectory,
};

const N_ATOMS: usize = 8;

fn topology(residue: &str) -> Topology {
    let mut builder = TopologyBuilder::default();
    for number in 1..=2 {
        builder.start_residue(residue, number, None, false);
        for name in ["N", "CA", "CB", "C"] {
            builder.add_atom(AtomRecord::new(name, Element::guess(name, residue)));
        }
    }
    builder.build()
}

/// A zigzag that opens slowly, turned and shifted differently in every frame.
fn trajectory(n_frames: usize, phase: f32) -> Trajectory {
    let mut positions = Vec::new();
    for frame in 0..n_frames {
        let (sin, cos) = (frame as f32 * 0.9 + phase).sin_cos();
        let open = 0.1 + 0.1 * (frame as f32 * 0.05 + phase).sin();
        for atom in 0..N_ATOMS {
            let (x, y) = (0.12 * atom as f32, open * (atom % 2) as f32);
            let z = 0.03 * ((atom * atom) as f32 + phase).sin();
            positions.push([cos * x - sin * y + sin, sin * x + cos * y - cos, z + phase]);
        }
    }
    Trajectory::from_positions(N_ATOMS, positions).unwrap()
}

fn build(config: &DatasetConfig) -> Result<Dataset> {
    let (first, second) = (trajectory(70, 0.0), trajectory(50, 1.0));
    let sources = vec![
        Source::from_trajectory("first", topology("ALA"), &first),
        Source::from_trajectory("second", topology("LEU"), &second),
    ];
    Dataset::new(sources, config)
}

#[test]
fn both_backings_give_identical_batches() {
    let folder = tempfile::tempdir().unwrap();
    for alignment in [
        DatasetConfig::new(0).alignment,
        Alignment::Frame(3),
        Alignment::Off,
    ] {
        let config = DatasetConfig {
            alignment,
            stride: 2,
            ..DatasetConfig::new(5)
        };
        let memory = build(&config).unwrap();
        let streamed = build(&DatasetConfig {
            backing: Backing::Folder(folder.path().to_owned()),
            ..config
        })
        .unwrap();
        assert_eq!(memory.n_frames(), 60);
        assert_eq!(memory.description(), streamed.description());
        let order: Vec<usize> = (0..60).rev().collect();
        let batches = |dataset: &Dataset| -> Vec<_> {
            let batches = dataset.minibatches(order.clone(), 7).unwrap();
            batches.map(|batch| batch.unwrap()).collect()
        };
        let (a, b) = (batches(&memory), batches(&streamed));
        assert_eq!(a, b);
        assert_eq!(a.len(), 9);
        assert_eq!(a[8].indices, [3, 2, 1, 0]);
        for batch in &a {
            let mut direct = Vec::new();
            memory.standardised(&batch.indices, &mut direct).unwrap();
            assert_eq!(direct, batch.data);
            assert_eq!(direct.len(), batch.indices.len() * N_ATOMS * 3);
        }
        for method in [
            Representatives::Stride,
            Representatives::PcaKMeans { n_components: 2 },
            Representatives::RmsdKCentres,
        ] {
            let train = &memory.split().train;
            let chosen = memory.representatives(train, method, 6, 1).unwrap();
            assert_eq!(
                chosen,
                streamed.representatives(train, method, 6, 1).unwrap()
            );
            assert_eq!(chosen.len(), 6);
            assert!(chosen.iter().all(|frame| train.contains(frame)));
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn mean_and_std_are_those_of_the_training_frames() {
    let dataset = build(&DatasetConfig::new(5)).unwrap();
    let mut values = Vec::new();
    for &frame in &dataset.split().train {
        for x in dataset.positions(frame).unwrap().iter().flatten() {
            values.push(f64::from(*x));
        }
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64;
    assert!((dataset.mean() - mean).abs() < 1e-12);
    assert!((dataset.std() - variance.sqrt()).abs() < 1e-12);
    // and nothing of the other frames is in reference, mean or std
    let mut spoiled = trajectory(70, 0.0);
    for &frame in dataset.split().test.iter().filter(|&&f| f < 70) {
        for x in spoiled.positions_mut(frame) {
            *x = [x[1] * 3.0, x[2] + 1.0, x[0]];
        }
    }
    let second = trajectory(50, 1.0);
    let sources = vec![
        Source::from_trajectory("first", topology("ALA"), &spoiled),
        Source::from_trajectory("second", topology("LEU"), &second),
    ];
    let other = Dataset::new(sources, &DatasetConfig::new(5)).unwrap();
    assert!(dataset.split().test.iter().any(|&f| f < 70));
    assert_eq!(dataset.description(), other.description());
}

#[test]
fn aligned_frames_and_the_description_survive_a_round_trip() {
    let dataset = build(&DatasetConfig::new(5)).unwrap();
    let text = serde_json::to_string(dataset.description()).unwrap();
    let description: DatasetDescription = serde_json::from_str(&text).unwrap();
    assert_eq!(&description, dataset.description());
    // a raw frame, standardised by the checkpoint alone, is what training saw
    let mut from_raw = Vec::new();
    description
        .standardise(trajectory(70, 0.0).positions(42), &mut from_raw)
        .unwrap();
    let mut from_dataset = Vec::new();
    dataset.standardised(&[42], &mut from_dataset).unwrap();
    assert_eq!(from_raw, from_dataset);
    let back = dataset.unstandardise(&from_dataset).unwrap();
    for (a, b) in back.positions(0).iter().zip(dataset.positions(42).unwrap()) {
        for axis in 0..3 {
            assert!((a[axis] - b[axis]).abs() < 1e-6);
        }
    }
    assert!(dataset.unstandardise(&from_dataset[1..]).is_err());
    assert_eq!(dataset.source_of(69).label, "first");
    assert_eq!(dataset.source_of(70).label, "second");
    assert_eq!(dataset.trajectory(&[1, 71]).unwrap().n_frames(), 2);
}

#[test]
fn alignment_takes_tumbling_away() {
    let spread = |alignment| {
        let config = DatasetConfig {
            alignment,
            ..DatasetConfig::new(5)
        };
        build(&config).unwrap().std()
    };
    let aligned = spread(DatasetConfig::new(0).alignment);
    assert!(aligned < 0.6 * spread(Alignment::Off), "{aligned}");
}

#[test]
fn splits_of_every_kind() {
    let fractions = Fractions {
        validation: 0.2,
        test: 0.2,
    };
    for split in [
        SplitMethod::Blocks {
            fractions,
            n_blocks: 5,
            gap: 2,
        },
        SplitMethod::Clusters {
            fractions,
            labels: (0..120).map(|f| f / 7).collect(),
        },
        SplitMethod::RmsdClusters {
            fractions,
            n_clusters: 12,
        },
        SplitMethod::Random { fractions },
        SplitMethod::Indices(Split {
            train: vec![1, 2],
            validation: vec![3],
            test: vec![],
        }),
    ] {
        let config = DatasetConfig {
            split,
            ..DatasetConfig::new(9)
        };
        let dataset = build(&config).unwrap();
        dataset.split().check(120).unwrap();
        assert_eq!(dataset.split(), build(&config).unwrap().split());
    }
}

/// Hands out frames as they are, however wrong.
struct Given(std::vec::IntoIter<Frame>);

impl FrameReader for Given {
    fn read_frame(&mut self, frame: &mut Frame) -> Result<bool> {
        let next = self.0.next();
        let found = next.is_some();
        *frame = next.unwrap_or_default();
        Ok(found)
    }

    fn seek(&mut self, _index: usize) -> Result<()> {
        Ok(())
    }
}

fn from_frames(frames: Vec<Frame>) -> Result<Dataset> {
    let source = Source {
        label: "given.xtc".to_owned(),
        topology: topology("ALA"),
        frames: Box::new(Given(frames.into_iter())),
    };
    Dataset::new(vec![source], &DatasetConfig::new(0))
}

#[test]
fn frames_that_cannot_be_used_are_named() {
    let good = || trajectory(20, 0.0);
    let mut frames: Vec<Frame> = (0..20).map(|f| good().frame(f)).collect();
    frames[7].positions.pop();
    let message = from_frames(frames.clone()).unwrap_err().to_string();
    assert_eq!(message, "given.xtc, frame 7: expected 8 atoms, found 7");

    frames[7] = good().frame(7);
    frames[9].positions[3][1] = f32::NAN;
    let message = from_frames(frames).unwrap_err().to_string();
    assert_eq!(message, "given.xtc, frame 9: atom 3 has the coordinate NaN");

    assert!(from_frames(vec![]).is_err());
    let point = vec![Frame::from_positions(vec![[1.0; 3]; N_ATOMS]); 20];
    assert!(matches!(from_frames(point), Err(Error::Argument { .. })));
}

#[test]
fn settings_that_cannot_be_used_are_refused() {
    let base = || DatasetConfig::new(0);
    let with = |change: fn(&mut DatasetConfig)| {
        let mut config = base();
        change(&mut config);
        build(&config)
    };
    assert!(matches!(
        with(|c| c.selection = "name XX".to_owned()),
        Err(Error::EmptySelection { .. })
    ));
    assert!(matches!(
        with(|c| c.selection = "name".to_owned()),
        Err(Error::Selection { .. })
    ));
    assert!(with(|c| c.stride = 0).is_err());
    assert!(with(|c| c.alignment = Alignment::Frame(120)).is_err());
    assert!(with(|c| c.backing = Backing::Folder("/nowhere/at/all".into())).is_err());
    assert!(Dataset::new(vec![], &base()).is_err());

    let dataset = build(&base()).unwrap();
    assert!(dataset.minibatches(vec![0], 0).is_err());
    assert!(dataset.minibatches(vec![120], 1).is_err());
    assert!(dataset.positions(120).is_err());
    assert!(dataset.standardised(&[120], &mut Vec::new()).is_err());
    let methods = [Representatives::Stride, Representatives::RmsdKCentres];
    for method in methods {
        assert!(dataset.representatives(&[1, 2], method, 3, 0).is_err());
        assert!(dataset.representatives(&[1, 2], method, 0, 0).is_err());
    }
}

#[test]
fn an_iterator_may_be_dropped_early() {
    let dataset = build(&DatasetConfig::new(0)).unwrap();
    let mut batches = dataset.minibatches((0..120).collect(), 1).unwrap();
    assert_eq!(batches.next().unwrap().unwrap().indices, [0]);
    drop(batches);
    // the dataset may go before its batches
    let batches = dataset.minibatches((0..120).collect(), 50).unwrap();
    drop(dataset);
    assert_eq!(batches.count(), 3);
}

//! Contour lines of a grid.

type Point = (f64, f64);

/// Lines along which the grid has the value `level`, by marching squares over the centres of the
/// cells; squares with a corner that is not finite are left out.
///
/// # Shapes
/// `values` `[y.len()][x.len()]`.
pub(crate) fn contour_lines(x: &[f64], y: &[f64], values: &[f64], level: f64) -> Vec<Vec<Point>> {
    let mut segments = Vec::new();
    for row in 0..y.len().saturating_sub(1) {
        for column in 0..x.len().saturating_sub(1) {
            let at = |dx: usize, dy: usize| values[(row + dy) * x.len() + column + dx] - level;
            let corners = [at(0, 0), at(1, 0), at(1, 1), at(0, 1)];
            if corners.iter().all(|v| v.is_finite()) {
                cross_square(
                    corners,
                    [x[column], x[column + 1]],
                    [y[row], y[row + 1]],
                    &mut segments,
                );
            }
        }
    }
    join(&segments)
}

/// Adds the segments with which the level crosses one square; corners run counter-clockwise.
fn cross_square(corners: [f64; 4], x: [f64; 2], y: [f64; 2], segments: &mut Vec<[Point; 2]>) {
    let places = [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])];
    let mut crossings: [Option<Point>; 4] = [None; 4];
    for side in 0..4 {
        let (a, b) = (corners[side], corners[(side + 1) % 4]);
        if (a < 0.0) != (b < 0.0) {
            // From the lower corner's index, so that two squares compute the same point on a side.
            let (from, to) = if side >= 2 {
                ((side + 1) % 4, side)
            } else {
                (side, (side + 1) % 4)
            };
            let t = corners[from] / (corners[from] - corners[to]);
            let (p, q) = (places[from], places[to]);
            crossings[side] = Some((p.0 + t * (q.0 - p.0), p.1 + t * (q.1 - p.1)));
        }
    }
    match crossings {
        [Some(a), Some(b), Some(c), Some(d)] => {
            // A saddle: its centre decides which corners belong together.
            let centre_low = corners.iter().sum::<f64>() < 0.0;
            if centre_low == (corners[0] < 0.0) {
                segments.extend([[a, b], [c, d]]);
            } else {
                segments.extend([[d, a], [b, c]]);
            }
        }
        _ => {
            let mut found = crossings.into_iter().flatten();
            if let (Some(a), Some(b)) = (found.next(), found.next()) {
                segments.push([a, b]);
            }
        }
    }
}

/// Joins segments that share an end into lines.
fn join(segments: &[[Point; 2]]) -> Vec<Vec<Point>> {
    use std::collections::HashMap;
    let key = |p: Point| (p.0.to_bits(), p.1.to_bits());
    let mut at: HashMap<(u64, u64), Vec<usize>> = HashMap::new();
    for (index, segment) in segments.iter().enumerate() {
        for &end in segment {
            at.entry(key(end)).or_default().push(index);
        }
    }
    let mut used = vec![false; segments.len()];
    let follow = |line: &mut Vec<Point>, used: &mut Vec<bool>| {
        while let Some(&end) = line.last() {
            let next = at
                .get(&key(end))
                .and_then(|list| list.iter().copied().find(|&i| !used[i]));
            let Some(next) = next else { break };
            used[next] = true;
            let [a, b] = segments[next];
            line.push(if key(a) == key(end) { b } else { a });
        }
    };
    let mut lines = Vec::new();
    for start in 0..segments.len() {
        if used[start] {
            continue;
        }
        used[start] = true;
        let mut line = segments[start].to_vec();
        follow(&mut line, &mut used);
        line.reverse();
        follow(&mut line, &mut used);
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cone_has_one_closed_round_contour() {
        let x: Vec<f64> = (0..41).map(|i| -1.0 + 0.05 * f64::from(i)).collect();
        let values: Vec<f64> = x
            .iter()
            .flat_map(|y| x.iter().map(move |x| x.hypot(*y)))
            .collect();
        let lines = contour_lines(&x, &x, &values, 0.52);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        for (x, y) in &lines[0] {
            assert!((x.hypot(*y) - 0.52).abs() < 2e-3);
        }
    }
}

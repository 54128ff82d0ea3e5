//! Vectors of three numbers.

/// A vector, nm unless said otherwise.
pub(crate) type Vector = [f64; 3];

pub(crate) fn add(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(crate) fn sub(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn scale(a: Vector, factor: f64) -> Vector {
    a.map(|x| x * factor)
}

pub(crate) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn cross(a: Vector, b: Vector) -> Vector {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

pub(crate) fn norm(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

/// The IUPAC torsion angle of four points, rad.
pub(crate) fn torsion(a: Vector, b: Vector, c: Vector, d: Vector) -> f64 {
    let (b1, b2, b3) = (sub(b, a), sub(c, b), sub(d, c));
    let (n1, n2) = (cross(b1, b2), cross(b2, b3));
    let y = norm(b2) * dot(b1, n2);
    y.atan2(dot(n1, n2))
}

/// CRC-32 of a prefix and of positions: a seed that depends on nothing else.
pub(crate) fn checksum(prefix: &[u8], positions: &[[f32; 3]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(prefix);
    for x in positions.as_flattened() {
        hasher.update(&x.to_le_bytes());
    }
    hasher.finalize()
}

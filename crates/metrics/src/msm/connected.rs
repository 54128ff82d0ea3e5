//! Strongly connected sets of a directed graph.

/// Sets of nodes that can all be reached from one another, each in ascending order.
///
/// # References
/// R. E. Tarjan, SIAM J. Comput. 1972, 1, 146, doi:10.1137/0201010.
pub(super) fn components(n: usize, has_arc: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut search = Search {
        index: vec![UNSEEN; n],
        low: vec![0; n],
        on_stack: vec![false; n],
        stack: Vec::new(),
        next: 0,
    };
    let mut found = Vec::new();
    for root in 0..n {
        if search.index[root] != UNSEEN {
            continue;
        }
        search.enter(root);
        // Nodes under way with the next neighbour to look at: no recursion on long chains.
        let mut path = vec![(root, 0)];
        while let Some((node, neighbour)) = path.last_mut() {
            let node = *node;
            if let Some(to) = (*neighbour..n).find(|&to| has_arc(node, to)) {
                *neighbour = to + 1;
                if search.index[to] == UNSEEN {
                    search.enter(to);
                    path.push((to, 0));
                } else if search.on_stack[to] {
                    search.low[node] = search.low[node].min(search.index[to]);
                }
                continue;
            }
            path.pop();
            if let Some(&(parent, _)) = path.last() {
                search.low[parent] = search.low[parent].min(search.low[node]);
            }
            if search.low[node] == search.index[node] {
                found.push(search.take(node));
            }
        }
    }
    found
}

struct Search {
    index: Vec<usize>,
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    next: usize,
}

impl Search {
    fn enter(&mut self, node: usize) {
        self.index[node] = self.next;
        self.low[node] = self.next;
        self.next += 1;
        self.stack.push(node);
        self.on_stack[node] = true;
    }

    /// Takes the set of `root` off the stack.
    fn take(&mut self, root: usize) -> Vec<usize> {
        let place = self.stack.iter().position(|&node| node == root);
        let mut set = self.stack.split_off(place.unwrap_or(0));
        set.iter().for_each(|&node| self.on_stack[node] = false);
        set.sort_unstable();
        set
    }
}

#[cfg(test)]
mod tests {
    use super::components;

    #[test]
    fn sets_of_a_graph_drawn_by_hand() {
        // 0 → 1 → 2 → 0, 2 → 3 (absorbing), 4 alone, 5 ⇄ 6 → 0.
        let arcs = [
            (0, 1),
            (1, 2),
            (2, 0),
            (2, 3),
            (3, 3),
            (5, 6),
            (6, 5),
            (6, 0),
        ];
        let mut sets = components(7, |i, j| arcs.contains(&(i, j)));
        sets.sort();
        assert_eq!(sets, [vec![0, 1, 2], vec![3], vec![4], vec![5, 6]]);
    }

    #[test]
    fn a_ring_of_a_thousand_is_one_set() {
        assert_eq!(components(1000, |i, j| j == (i + 1) % 1000).len(), 1);
    }
}

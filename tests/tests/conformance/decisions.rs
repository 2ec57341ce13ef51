//! Where we decided otherwise than the original behaves, and why. What a case must do is said here.

use crate::data::{Case, Leaf, OutcomeData, Tree, TreeStep};

/// A decision of ours that overrules the behaviour of the original.
pub struct Decision {
    pub name: &'static str,
    pub reason: &'static str,
    /// Whether it changes what the case must do.
    pub overrules: fn(&Case) -> bool,
}

/// All decisions. They are rules, so that they hold for every case file.
pub const DECISIONS: &[Decision] = &[
    Decision {
        name: "strict types",
        reason: "an argument has the type it is said to have: \"12\" is no number; the original accepts what could be \
                 converted, and then hands it on unconverted",
        overrules: |case| case.intended.outcome != case.intended.outcome_strict,
    },
    Decision {
        name: "a bare @task hides nothing",
        reason: "a task without a text of its own gets that of the block around it, as the documentation promises; \
                 in the original a bare `@task` hides it",
        overrules: |case| !case.description_differs.is_empty(),
    },
];

/// The public cases that are overruled. All others with the tags `python-quirk`, `ambiguous` or `truthiness` hold for
/// us as they are: an empty identifier or description counts as none, and the empty option values as no.
pub const OVERRULED_PUBLIC: &[(&str, &str)] = &[
    ("pub-hand-055", "a bare @task hides nothing"),
    ("pub-hand-079", "strict types"),
    ("pub-rand-013", "a bare @task hides nothing"),
    ("pub-rand-034", "a bare @task hides nothing"),
    ("pub-rand-054", "a bare @task hides nothing"),
    ("pub-rand-057", "a bare @task hides nothing"),
    ("pub-rand-068", "a bare @task hides nothing"),
    ("pub-rand-078", "a bare @task hides nothing"),
];

/// The outcome that a case must have, and the argument to blame.
pub fn outcome(case: &Case) -> (OutcomeData, Option<&str>) {
    (case.intended.outcome_strict, case.intended.argument_strict.as_deref())
}

/// The description that a leaf must have. An empty one counts as none, in the documentation's words too.
pub fn description<'a>(case: &Case, leaf: &'a Leaf) -> Option<&'a str> {
    let documented = leaf.description_doc.as_deref();
    let differs = case.description_differs.contains(&leaf.number);
    if differs && documented != Some("") { documented } else { leaf.description.as_deref() }
}

/// The tree that a case must have: the observed one, with the descriptions that we decided on.
pub fn tree(case: &Case) -> Option<Tree> {
    let mut tree = case.observed.tree.clone()?;
    describe(case, &mut tree, &mut case.intended.leaves.iter());
    Some(tree)
}

fn describe<'a>(case: &Case, tree: &mut Tree, leaves: &mut impl Iterator<Item = &'a Leaf>) {
    for step in &mut tree.steps {
        match step {
            TreeStep::Task { description: text, .. } => {
                *text = leaves.next().and_then(|leaf| description(case, leaf)).map(str::to_owned);
            }
            TreeStep::Block(inner) => describe(case, inner, leaves),
        }
    }
}

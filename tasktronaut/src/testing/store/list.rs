//! Listing processes: pages and filters.

use super::lab::Lab;
use super::shapes::process;
use super::{CaseResult, Opener};
use crate::backend::store::{Key, ListFilter, Phase, Store};

/// The filter that lets all pass.
pub(super) fn everything() -> ListFilter {
    ListFilter { limit: 1_000, ..ListFilter::default() }
}

async fn keys<O: Opener>(lab: &Lab<O>, filter: ListFilter) -> Result<Vec<Key>, crate::BoxError> {
    Ok(lab.store.list(&filter).await?.iter().map(|row| row.key).collect())
}

async fn names<O: Opener>(lab: &Lab<O>, prefix: &str) -> Result<Vec<String>, crate::BoxError> {
    let filter = ListFilter { prefix: Some(prefix.to_owned()), ..everything() };
    Ok(lab.store.list(&filter).await?.into_iter().map(|row| row.identifier).collect())
}

pub(super) async fn pages_follow_each_other<O: Opener>(lab: Lab<O>) -> CaseResult {
    let all = lab.add_many(25).await?;
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = keys(&lab, ListFilter { after, limit: 10, ..ListFilter::default() }).await?;
        let Some(last) = page.last() else { break };
        after = *last;
        found.extend(page);
    }
    assert_eq!(found, all);
    Ok(())
}

pub(super) async fn a_limit_of_zero_gives_nothing<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add_many(3).await?;
    assert!(keys(&lab, ListFilter::default()).await?.is_empty());
    Ok(())
}

pub(super) async fn limits_and_keys_may_be_as_large_as_they_like<O: Opener>(lab: Lab<O>) -> CaseResult {
    let all = lab.add_many(3).await?;
    assert_eq!(keys(&lab, ListFilter { limit: usize::MAX, ..ListFilter::default() }).await?, all);
    assert!(keys(&lab, ListFilter { after: u64::MAX, ..everything() }).await?.is_empty());
    Ok(())
}

pub(super) async fn by_definition<O: Opener>(lab: Lab<O>) -> CaseResult {
    let new = |number: usize| {
        let mut new = process(&format!("{number}"), vec![]);
        new.definition = ["a::B", "a::b", "a::B'"][number % 3].into();
        new
    };
    let all = lab.add_all((0..9).map(new).collect()).await?;
    let filter = ListFilter { definition: Some("a::B".to_owned()), ..everything() };
    assert_eq!(keys(&lab, filter).await?, [all[0], all[3], all[6]]);
    Ok(())
}

pub(super) async fn by_outcome<O: Opener>(lab: Lab<O>) -> CaseResult {
    let all = lab.add_many(8).await?;
    for (key, outcome) in all.iter().zip([None, Some(1), Some(2), Some(3)].into_iter().cycle()) {
        lab.set_phase(*key, Phase::Stopping, outcome).await?;
    }
    for outcome in 0..4_u8 {
        let filter = ListFilter { outcome: Some(outcome), ..everything() };
        assert_eq!(keys(&lab, filter).await?, [all[usize::from(outcome)], all[usize::from(outcome) + 4]]);
    }
    Ok(())
}

pub(super) async fn by_prefix<O: Opener>(lab: Lab<O>) -> CaseResult {
    let all = [
        "album-1",
        "album-2",
        "albu",
        "Album-3",
        "a%b",
        "a_b",
        "a*b",
        "a[b",
        "a\\b",
        "ax",
        "\u{10FFFF}z",
        "a'b",
    ];
    lab.add_all(all.iter().map(|name| process(name, vec![])).collect()).await?;
    assert_eq!(names(&lab, "album-").await?, ["album-1", "album-2"]);
    assert_eq!(names(&lab, "Alb").await?, ["Album-3"]);
    for name in ["a%", "a_", "a*", "a[", "a\\", "a'", "\u{10FFFF}"] {
        let found = names(&lab, name).await?;
        assert_eq!(found.len(), 1, "`{name}` finds {found:?}");
        assert!(found[0].starts_with(name));
    }
    assert_eq!(names(&lab, "").await?.len(), all.len());
    assert!(names(&lab, "zebra").await?.is_empty());
    Ok(())
}

pub(super) async fn by_everything_at_once<O: Opener>(lab: Lab<O>) -> CaseResult {
    let all = lab.add_many(12).await?;
    lab.set_phase(all[10], Phase::Ended, Some(1)).await?;
    lab.set_phase(all[11], Phase::Ended, Some(1)).await?;
    let filter = ListFilter {
        definition: Some("contract::Shape".to_owned()),
        outcome: Some(1),
        prefix: Some("many-1".to_owned()),
        after: all[10],
        limit: 5,
    };
    assert_eq!(keys(&lab, filter).await?, [all[11]]);
    Ok(())
}

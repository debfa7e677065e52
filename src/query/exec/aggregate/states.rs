//! What is kept for each group: one array a function.

use xxhash_rust::xxh3::xxh3_64;

use super::super::{Loader, Selection};
use super::distinct::{self, Distinct};
use super::quantile::Quantile;
use super::sum::{FloatSum, int_total};
use super::values::{dense_integers, each_dense, each_index, each_number, view};
use crate::entry::{ColumnData, Kind, Kinds, Value, ValueRef};
use crate::query::ScanError;
use crate::query::ast::Function;
use crate::query::literal::Number;
use crate::query::order::{decode, encode, encode_amount};

/// Values kept as they are by all quantiles together before the great groups give theirs up.
const QUANTILE_VALUES: u64 = 4_000_000;

/// What must be kept to answer some functions of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Number of rows.
    Rows,
    /// Number of rows with the field.
    Present,
    /// Sum and number of the numbers.
    Sums,
    /// The least value.
    Least,
    /// The greatest value.
    Greatest,
    /// The numbers.
    Numbers,
    /// The different values.
    Different,
    /// The value of the first row that has one.
    First,
    /// The value of the last row that has one.
    Last,
}

impl Need {
    /// Returns what a function needs.
    pub fn of(function: Function) -> Need {
        match function {
            Function::Count => Need::Rows,
            Function::CountField => Need::Present,
            Function::Sum | Function::Average => Need::Sums,
            Function::Minimum => Need::Least,
            Function::Maximum => Need::Greatest,
            Function::Quantile(_) => Need::Numbers,
            Function::Unique => Need::Different,
            Function::First => Need::First,
            Function::Last => Need::Last,
        }
    }
}

type Code = Box<[u8]>;

/// The sum of the integers of a group, and how many numbers of any type it has.
#[derive(Clone, Copy, Debug, Default)]
pub struct IntSum {
    total: i128,
    count: u64,
}

/// The states of all groups for one need.
#[derive(Clone, Debug)]
pub enum States {
    /// Counts.
    Counts(Vec<u64>),
    /// Sums; `floats` is empty until there is one.
    Sums { ints: Vec<IntSum>, floats: Vec<FloatSum> },
    /// Order codes of the least or greatest values.
    Extremes { greatest: bool, best: Vec<Option<Code>> },
    /// Numbers.
    Quantiles(Vec<Quantile>),
    /// Hashes of values.
    Distincts(Vec<Distinct>),
    /// Batch, row and order code of the first or last values.
    Edges { last: bool, best: Vec<Option<(u64, u32, Code)>> },
}

impl States {
    /// Returns true when some group has an estimate.
    pub fn is_estimated(&self) -> bool {
        match self {
            States::Quantiles(quantiles) => quantiles.iter().any(Quantile::is_estimated),
            States::Distincts(distincts) => distincts.iter().any(|group| matches!(group, Distinct::Estimate(_))),
            States::Counts(_) | States::Sums { .. } | States::Extremes { .. } | States::Edges { .. } => false,
        }
    }

    /// Makes states for `count` groups.
    pub fn new(need: Need, count: usize) -> States {
        match need {
            Need::Rows | Need::Present => States::Counts(vec![0; count]),
            Need::Sums => States::Sums { ints: vec![IntSum::default(); count], floats: Vec::new() },
            Need::Least | Need::Greatest => {
                States::Extremes { greatest: need == Need::Greatest, best: vec![None; count] }
            }
            Need::Numbers => States::Quantiles(vec![Quantile::default(); count]),
            Need::Different => States::Distincts(vec![Distinct::default(); count]),
            Need::First | Need::Last => States::Edges { last: need == Need::Last, best: vec![None; count] },
        }
    }

    /// Makes room for so many groups.
    pub fn grow(&mut self, count: usize) {
        match self {
            States::Counts(counts) => counts.resize(count, 0),
            States::Sums { ints, floats } => {
                ints.resize(count, IntSum::default());
                if !floats.is_empty() {
                    floats.resize(count, FloatSum::default());
                }
            }
            States::Extremes { best, .. } => best.resize(count, None),
            States::Quantiles(quantiles) => quantiles.resize(count, Quantile::default()),
            States::Distincts(distincts) => distincts.resize(count, Distinct::default()),
            States::Edges { best, .. } => best.resize(count, None),
        }
    }

    /// Returns the bytes of the arrays, without what hangs on them.
    pub fn bytes(&self) -> usize {
        match self {
            States::Counts(counts) => counts.capacity() * 8,
            States::Sums { ints, floats } => {
                ints.capacity() * size_of::<IntSum>() + floats.capacity() * size_of::<FloatSum>()
            }
            States::Extremes { best, .. } => best.capacity() * 16,
            States::Quantiles(quantiles) => quantiles.capacity() * size_of::<Quantile>(),
            States::Distincts(distincts) => distincts.capacity() * size_of::<Distinct>(),
            States::Edges { best, .. } => best.capacity() * 32,
        }
    }

    /// Takes the selected rows of a batch in; `ids` are their groups.
    pub fn update(
        &mut self,
        field: &str,
        loader: &Loader<'_>,
        selection: &Selection,
        ids: &[u32],
        sequence: u64,
    ) -> Result<(), ScanError> {
        let Some(view) = view(loader, field, selection)? else { return Ok(()) };
        let column = &*view.column;
        match self {
            States::Counts(counts) => each_index(column, selection, |place, _| counts[ids[place] as usize] += 1),
            States::Sums { ints, .. } if let Some(payload) = dense_integers(column, selection) => {
                each_dense(column, ids, payload, |id, payload| {
                    let sum = &mut ints[id as usize];
                    sum.count += 1;
                    sum.total += i128::from(payload as i64);
                });
            }
            States::Sums { ints, floats } => each_number(&view, selection, |place, number| {
                let id = ids[place] as usize;
                ints[id].count += 1;
                match number {
                    Number::Int(int) => ints[id].total += i128::from(int),
                    Number::Float(float) => {
                        if floats.is_empty() {
                            floats.resize(ints.len(), FloatSum::default());
                        }
                        floats[id].add(float);
                    }
                }
            }),
            States::Quantiles(quantiles) => each_number(&view, selection, |place, number| {
                quantiles[ids[place] as usize].add(number.as_f64());
            }),
            States::Extremes { greatest, best } => {
                let greatest = *greatest;
                if let ColumnData::Plain { kinds: Kinds::Same(Kind::Int), payload } = &column.data {
                    let mut ints: Vec<Option<i64>> = vec![None; best.len()];
                    each_index(column, selection, |place, index| {
                        let int = payload[index] as i64;
                        let best = ints[ids[place] as usize].get_or_insert(int);
                        *best = if greatest { int.max(*best) } else { int.min(*best) };
                    });
                    for (best, int) in best.iter_mut().zip(ints) {
                        *best = int.map(|int| code_of(ValueRef::Int(int), &mut Vec::new()));
                    }
                    return Ok(());
                }
                if let ColumnData::Plain { kinds: Kinds::Same(Kind::Float), payload } = &column.data {
                    let mut floats: Vec<Option<f64>> = vec![None; best.len()];
                    each_index(column, selection, |place, index| {
                        // Zeros of either sign are equal, and NaN comes after all numbers: as their codes have it.
                        let float = f64::from_bits(payload[index]) + 0.0;
                        let best = floats[ids[place] as usize].get_or_insert(float);
                        let better =
                            if greatest { float > *best || float.is_nan() } else { float < *best || best.is_nan() };
                        if better {
                            *best = float;
                        }
                    });
                    for (best, float) in best.iter_mut().zip(floats) {
                        *best = float.map(|float| code_of(ValueRef::Float(float), &mut Vec::new()));
                    }
                    return Ok(());
                }
                let mut code = Vec::new();
                each_index(column, selection, |place, index| {
                    code.clear();
                    encode_amount(Some(column.value(index, view.text)), &mut code);
                    let best = &mut best[ids[place] as usize];
                    if best.as_ref().is_none_or(|best| (code.as_slice() > &**best) == greatest && *code != **best) {
                        *best = Some(code.as_slice().into());
                    }
                });
            }
            States::Edges { last, best } => {
                let last = *last;
                // Which value it is, first; each is copied once.
                let mut edges: Vec<Option<(usize, usize)>> = vec![None; best.len()];
                each_index(column, selection, |place, index| {
                    let edge = &mut edges[ids[place] as usize];
                    if last || edge.is_none() {
                        *edge = Some((place, index));
                    }
                });
                for (best, edge) in best.iter_mut().zip(edges) {
                    let Some((place, index)) = edge else { continue };
                    let row = selection.rows().map_or(place as u32, |rows| rows[place]);
                    *best = Some((sequence, row, code_of(column.value(index, view.text), &mut Vec::new())));
                }
            }
            States::Distincts(distincts) => {
                let mut code = Vec::new();
                let mut hash = |value: ValueRef<'_>| {
                    code.clear();
                    encode(Some(value), &mut code);
                    xxh3_64(&code)
                };
                match &column.data {
                    ColumnData::Dict { codes, dictionary }
                        if dictionary.len().saturating_mul(distincts.len()) <= 1 << 24 =>
                    {
                        // Each pair of group and code once.
                        let width = dictionary.len();
                        let mut seen = vec![0_u64; (width * distincts.len()).div_ceil(64)];
                        each_index(column, selection, |place, index| {
                            let bit = ids[place] as usize * width + codes[index] as usize;
                            if seen[bit / 64] >> (bit % 64) & 1 == 0 {
                                seen[bit / 64] |= 1 << (bit % 64);
                                distincts[ids[place] as usize].add(hash(dictionary.value(codes[index])));
                            }
                        });
                    }
                    _ => each_index(column, selection, |place, index| {
                        distincts[ids[place] as usize].add(hash(column.value(index, view.text)));
                    }),
                }
            }
        }
        Ok(())
    }

    /// Adds groups of a batch to these, `(from, into)`, when that takes no more than adding; returns false when
    /// [`States::merge`] must do it.
    pub fn add(&mut self, pairs: &[(u32, u32)], part: &States) -> bool {
        match (self, part) {
            (States::Counts(counts), States::Counts(part)) => {
                pairs.iter().for_each(|(from, into)| counts[*into as usize] += part[*from as usize]);
            }
            (States::Sums { ints, floats }, States::Sums { ints: part, floats: part_floats }) => {
                for (from, into) in pairs {
                    let (sum, more) = (&mut ints[*into as usize], &part[*from as usize]);
                    sum.total += more.total;
                    sum.count += more.count;
                }
                if !part_floats.is_empty() {
                    floats.resize(ints.len(), FloatSum::default());
                    pairs.iter().for_each(|(from, into)| floats[*into as usize].merge(&part_floats[*from as usize]));
                }
            }
            _ => return false,
        }
        true
    }

    /// Adds group `from` of a batch to group `into`. Returns the bytes this took on the heap, and the growth
    /// of the count that decides when exactness is given up.
    pub fn merge(&mut self, into: usize, part: &mut States, from: usize) -> (isize, u64) {
        match (self, part) {
            (States::Extremes { greatest, best }, States::Extremes { best: part, .. }) => {
                let Some(code) = part[from].take() else { return (0, 0) };
                let before = best[into].as_ref().map_or(0, |code| code.len());
                let better = best[into].as_ref().is_none_or(|best| (code > *best) == *greatest && code != *best);
                if better {
                    let growth = code.len() as isize - before as isize;
                    best[into] = Some(code);
                    return (growth, 0);
                }
            }
            (States::Quantiles(quantiles), States::Quantiles(part)) => {
                let quantile = &mut quantiles[into];
                let (heap, weight) = (quantile.heap(), quantile.weight());
                if weight == 0 {
                    *quantile = std::mem::take(&mut part[from]);
                } else {
                    quantile.merge(&part[from]);
                }
                return (quantile.heap() as isize - heap as isize, quantile.weight() - weight);
            }
            (States::Distincts(distincts), States::Distincts(part)) => {
                let distinct = &mut distincts[into];
                let (heap, weight) = (distinct.heap(), distinct.weight());
                if weight == 0 {
                    *distinct = std::mem::take(&mut part[from]);
                } else {
                    distinct.merge(&part[from]);
                }
                return (distinct.heap() as isize - heap as isize, distinct.weight().saturating_sub(weight));
            }
            (States::Edges { last, best }, States::Edges { best: part, .. }) => {
                let Some(edge) = part[from].take() else { return (0, 0) };
                let place = |edge: &(u64, u32, Code)| (edge.0, edge.1);
                let before = best[into].as_ref().map_or(0, |edge| edge.2.len());
                if best[into].as_ref().is_none_or(|best| (place(&edge) > place(best)) == *last) {
                    let growth = edge.2.len() as isize - before as isize;
                    best[into] = Some(edge);
                    return (growth, 0);
                }
            }
            _ => unreachable!("the states of a batch have the kinds of the whole"),
        }
        (0, 0)
    }

    /// Returns the weight beyond which [`States::shrink`] is due.
    pub fn most_weight(&self) -> u64 {
        match self {
            States::Quantiles(_) => QUANTILE_VALUES,
            States::Distincts(_) => distinct::EXACT as u64,
            States::Counts(_) | States::Sums { .. } | States::Extremes { .. } | States::Edges { .. } => u64::MAX,
        }
    }

    /// Gives up the exactness of great groups; returns the change of bytes on the heap.
    pub fn shrink(&mut self) -> isize {
        let mut change = 0;
        match self {
            States::Quantiles(quantiles) => quantiles.iter_mut().for_each(|quantile| {
                change -= quantile.heap() as isize;
                quantile.shrink();
                change += quantile.heap() as isize;
            }),
            States::Distincts(distincts) => distincts.iter_mut().for_each(|distinct| {
                change -= distinct.heap() as isize;
                distinct.shrink();
                change += distinct.heap() as isize;
            }),
            States::Counts(_) | States::Sums { .. } | States::Extremes { .. } | States::Edges { .. } => {}
        }
        change
    }

    /// Gives up the exactness of one group, if it is great.
    pub fn shrink_one(&mut self, group: usize) -> isize {
        match self {
            States::Quantiles(quantiles) => {
                let before = quantiles[group].heap() as isize;
                quantiles[group].shrink();
                quantiles[group].heap() as isize - before
            }
            States::Distincts(distincts) => {
                let before = distincts[group].heap() as isize;
                distincts[group].shrink();
                distincts[group].heap() as isize - before
            }
            States::Counts(_) | States::Sums { .. } | States::Extremes { .. } | States::Edges { .. } => 0,
        }
    }

    /// Returns the result of a function for a group.
    pub fn result(&mut self, group: usize, function: Function) -> Option<Value> {
        match (self, function) {
            (States::Counts(counts), _) => Some(Value::Int(counts[group] as i64)),
            (States::Sums { ints, floats }, function) => {
                let IntSum { total, count } = ints[group];
                let float = floats.get(group).filter(|float| float.is_used());
                if count == 0 {
                    return None;
                }
                if function == Function::Average {
                    let sum = float.map_or(total as f64, |float| float.total(total));
                    return Some(Value::Float(sum / count as f64));
                }
                Some(float.map_or_else(|| int_total(total), |float| Value::Float(float.total(total))))
            }
            (States::Extremes { best, .. }, _) => best[group].as_ref().and_then(|code| decode(&mut &**code)),
            (States::Quantiles(quantiles), Function::Quantile(part)) => {
                quantiles[group].finish();
                quantiles[group].at(part).map(Value::Float)
            }
            (States::Distincts(distincts), _) => Some(Value::Int(distincts[group].count() as i64)),
            (States::Edges { best, .. }, _) => best[group].as_ref().and_then(|(_, _, code)| decode(&mut &**code)),
            (States::Quantiles(_), _) => None,
        }
    }
}

fn code_of(value: ValueRef<'_>, buffer: &mut Vec<u8>) -> Code {
    encode(Some(value), buffer);
    buffer.as_slice().into()
}

//! Indices into a snapshot's tables. An id is only meaningful in the snapshot it came from.

use std::ops::{Index, IndexMut};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in its table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl From<usize> for $name {
            fn from(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }
        }
    };
}

id!(
    /// A local socket address with its listeners.
    BindingId
);
id!(
    /// An HTTP listener.
    ListenerId
);
id!(
    /// A request routing rule.
    RuleId
);
id!(
    /// A leaf of the routing: a rule's only action, one path rule, or a path map's default.
    RouteId
);
id!(
    /// A backend address pool.
    PoolId
);
id!(
    /// A backend HTTP settings object.
    SettingsId
);
id!(
    /// A pool used with settings: the unit of probing and of connection pools.
    TargetId
);

id!(
    /// A load distribution policy used with settings.
    DistributionId
);
id!(
    /// A rewrite set.
    RewriteId
);
id!(
    /// A check of bearer tokens.
    JwtId
);
id!(
    /// A firewall policy where it is in force.
    FirewallId
);

/// A table that is read by its own kind of id only.
#[derive(Clone, Debug)]
pub struct Table<I, T> {
    rows: Vec<T>,
    id: std::marker::PhantomData<fn(I)>,
}

impl<I: From<usize>, T> Table<I, T> {
    /// An empty table.
    pub const fn new() -> Self {
        Self { rows: Vec::new(), id: std::marker::PhantomData }
    }

    /// Appends a row and returns its id.
    pub fn push(&mut self, row: T) -> I {
        self.rows.push(row);
        I::from(self.rows.len() - 1)
    }

    /// The rows in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.rows.iter()
    }

    /// The rows with their ids.
    pub fn entries(&self) -> impl Iterator<Item = (I, &T)> {
        self.rows.iter().enumerate().map(|(index, row)| (I::from(index), row))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True when there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl<I: From<usize>, T> Default for Table<I, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I: From<usize>, T> FromIterator<T> for Table<I, T> {
    fn from_iter<R: IntoIterator<Item = T>>(rows: R) -> Self {
        Self { rows: rows.into_iter().collect(), id: std::marker::PhantomData }
    }
}

macro_rules! indexed {
    ($($id:ident)*) => {$(
        impl<T> Index<$id> for Table<$id, T> {
            type Output = T;
            fn index(&self, id: $id) -> &T {
                &self.rows[id.index()]
            }
        }
        impl<T> IndexMut<$id> for Table<$id, T> {
            fn index_mut(&mut self, id: $id) -> &mut T {
                &mut self.rows[id.index()]
            }
        }
    )*};
}
indexed!(BindingId ListenerId RuleId RouteId PoolId SettingsId TargetId DistributionId RewriteId JwtId FirewallId);

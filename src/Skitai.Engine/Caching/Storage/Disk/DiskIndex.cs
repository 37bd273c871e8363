namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>
/// What is on disk, by name: 64 bytes an object and 4 to 8 for its bucket. Keeps the order of eviction, too: the oldest that
/// was not asked for since it was last passed over goes. Not safe for several threads: under the tier's lock.
/// </summary>
internal sealed class DiskIndex
{
    private const int None = -1;

    private Entry[] _entries = new Entry[64];
    private int[] _buckets;
    private int _free = None;
    private int _top;
    private int _first = None;
    private int _last = None;

    /// <summary>Makes an empty one.</summary>
    public DiskIndex()
    {
        _buckets = new int[64];
        Array.Fill(_buckets, None);
    }

    /// <summary>How many objects.</summary>
    public int Count { get; private set; }

    /// <summary>Blocks of disk that they take.</summary>
    public long Blocks { get; private set; }

    /// <summary>Slots to go through with <see cref="TryAt"/>.</summary>
    public int Slots => _top;

    /// <summary>Whether it is there.</summary>
    public bool Contains(ObjectName name) => Find(name) != None;

    /// <summary>What is known of one.</summary>
    public bool TryGet(ObjectName name, out long blocks, out long sequence)
    {
        var at = Find(name);
        blocks = at == None ? 0 : _entries[at].Blocks;
        sequence = at == None ? 0 : _entries[at].Sequence;
        return at != None;
    }

    /// <summary>Adds one that is not there yet, as the last to be evicted.</summary>
    public void Add(ObjectName name, long blocks, long sequence)
    {
        if (_free == None && _top == _entries.Length)
        {
            Grow();
        }

        int at;
        if (_free != None)
        {
            at = _free;
            _free = _entries[at].Next;
        }
        else
        {
            at = _top++;
        }

        ref var bucket = ref _buckets[BucketOf(name)];
        _entries[at] = new Entry { Name = name, Blocks = (uint)blocks, Sequence = sequence, Next = bucket, Used = true };
        bucket = at;
        Link(at);
        Count++;
        Blocks += blocks;
    }

    /// <summary>Takes one out.</summary>
    public bool Remove(ObjectName name)
    {
        ref var link = ref _buckets[BucketOf(name)];
        while (link != None)
        {
            ref var entry = ref _entries[link];
            if (entry.Name == name)
            {
                var at = link;
                link = entry.Next;
                Unlink(at);
                Count--;
                Blocks -= entry.Blocks;
                entry = default;
                entry.Next = _free;
                _free = at;
                return true;
            }

            link = ref entry.Next;
        }

        return false;
    }

    /// <summary>It was confirmed or replaced at that point of the sequence.</summary>
    public void SetSequence(ObjectName name, long sequence)
    {
        var at = Find(name);
        if (at != None)
        {
            _entries[at].Sequence = sequence;
        }
    }

    /// <summary>It was asked for.</summary>
    public void Touch(ObjectName name)
    {
        var at = Find(name);
        if (at != None)
        {
            _entries[at].Asked = true;
        }
    }

    /// <summary>All of one key.</summary>
    public void Collect(ObjectName key, List<ObjectName> into)
    {
        for (var at = _buckets[BucketOf(key)]; at != None; at = _entries[at].Next)
        {
            if (_entries[at].Name.IsSameKey(key))
            {
                into.Add(_entries[at].Name);
            }
        }
    }

    /// <summary>Whether there is anything of one key.</summary>
    public bool HasKey(ObjectName key)
    {
        for (var at = _buckets[BucketOf(key)]; at != None; at = _entries[at].Next)
        {
            if (_entries[at].Name.IsSameKey(key))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Finds the oldest of those of one key that vary.</summary>
    /// <returns>How many there are.</returns>
    public int FindOldestVariant(ObjectName key, out ObjectName oldest)
    {
        var count = 0;
        var least = long.MaxValue;
        oldest = default;
        for (var at = _buckets[BucketOf(key)]; at != None; at = _entries[at].Next)
        {
            ref var entry = ref _entries[at];
            if (entry.Name.Vary != 0 && entry.Name.IsSameKey(key))
            {
                count++;

                // Those of an earlier process have no sequence: there the last is the oldest, mostly.
                if (entry.Sequence <= least)
                {
                    least = entry.Sequence;
                    oldest = entry.Name;
                }
            }
        }

        return count;
    }

    /// <summary>The next to go; those asked for lately get another round first. False when empty.</summary>
    public bool TryPickVictim(out ObjectName name, out long blocks)
    {
        while (_first != None)
        {
            ref var entry = ref _entries[_first];
            if (!entry.Asked)
            {
                name = entry.Name;
                blocks = entry.Blocks;
                return true;
            }

            entry.Asked = false;
            var at = _first;
            Unlink(at);
            Link(at);
        }

        name = default;
        blocks = 0;
        return false;
    }

    /// <summary>What is in a slot.</summary>
    public bool TryAt(int slot, out ObjectName name, out long sequence)
    {
        var entry = slot < _top ? _entries[slot] : default;
        name = entry.Name;
        sequence = entry.Sequence;
        return entry.Used;
    }

    /// <summary>Takes everything out.</summary>
    public void Clear()
    {
        _entries = new Entry[64];
        _buckets = new int[64];
        Array.Fill(_buckets, None);
        _free = _first = _last = None;
        _top = 0;
        Count = 0;
        Blocks = 0;
    }

    private int Find(ObjectName name)
    {
        var at = _buckets[BucketOf(name)];
        while (at != None && _entries[at].Name != name)
        {
            at = _entries[at].Next;
        }

        return at;
    }

    /// <summary>By the key alone: all of one key are in one bucket.</summary>
    private int BucketOf(ObjectName name) => (int)(name.Low & (uint)(_buckets.Length - 1));

    private void Grow()
    {
        Array.Resize(ref _entries, _entries.Length * 2);
        _buckets = new int[_entries.Length];
        Array.Fill(_buckets, None);
        for (var at = 0; at < _top; at++)
        {
            // All are in use: nothing is free when it grows.
            ref var bucket = ref _buckets[BucketOf(_entries[at].Name)];
            _entries[at].Next = bucket;
            bucket = at;
        }
    }

    private void Link(int at)
    {
        _entries[at].Before = _last;
        _entries[at].After = None;
        if (_last == None)
        {
            _first = at;
        }
        else
        {
            _entries[_last].After = at;
        }

        _last = at;
    }

    private void Unlink(int at)
    {
        ref var entry = ref _entries[at];
        if (entry.Before == None)
        {
            _first = entry.After;
        }
        else
        {
            _entries[entry.Before].After = entry.After;
        }

        if (entry.After == None)
        {
            _last = entry.Before;
        }
        else
        {
            _entries[entry.After].Before = entry.Before;
        }
    }

    private struct Entry
    {
        public ObjectName Name;
        public long Sequence;
        public uint Blocks;
        public int Next;
        public int Before;
        public int After;
        public bool Used;
        public bool Asked;
    }
}

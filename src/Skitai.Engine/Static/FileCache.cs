using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Skitai.Engine.Static;

/// <summary>
/// The files of a mount that were asked for lately, by request path, within a bound of memory. Reading takes no lock; what
/// to drop is found by the second-chance rule: the oldest that was not asked for since it was last passed over.
/// </summary>
/// <param name="capacity">Bytes.</param>
internal sealed class FileCache(long capacity)
{
    private readonly ConcurrentDictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _order = new();
    private readonly Lock _writing = new();
    private long _size;

    /// <summary>Bytes held.</summary>
    public long Size => Volatile.Read(ref _size);

    /// <summary>Looks up a path. Whether the file is still current is the caller's question.</summary>
    public bool TryGet(string path, [NotNullWhen(true)] out StaticFile? file)
    {
        if (!_entries.TryGetValue(path, out var node))
        {
            file = null;
            return false;
        }

        var entry = node.Value;
        if (!entry.Used)
        {
            // Written only when it changes: a hot entry's cache line stays shared between the processors.
            entry.Used = true;
        }

        file = entry.File;
        return true;
    }

    /// <summary>Keeps a file, in the place of an older state of it.</summary>
    public void Add(string path, StaticFile file)
    {
        lock (_writing)
        {
            if (_entries.TryGetValue(path, out var old))
            {
                Drop(old);
            }

            _entries[path] = _order.AddLast(new Entry(path, file));
            _size += file.Cost;
            while (_size > capacity)
            {
                var oldest = _order.First!;
                if (oldest.Value.Used)
                {
                    oldest.Value.Used = false;
                    _order.RemoveFirst();
                    _order.AddLast(oldest);
                }
                else
                {
                    Drop(oldest);
                }
            }
        }
    }

    /// <summary>Drops a file that is no longer current, unless a newer state has taken its place.</summary>
    public void Remove(string path, StaticFile file)
    {
        lock (_writing)
        {
            if (_entries.TryGetValue(path, out var node) && node.Value.File == file)
            {
                Drop(node);
            }
        }
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        _order.Remove(node);
        _entries.TryRemove(node.Value.Path, out _);
        _size -= node.Value.File.Cost;
    }

    private sealed class Entry(string path, StaticFile file)
    {
        public string Path => path;

        public StaticFile File => file;

        /// <summary>Asked for since it was last passed over.</summary>
        public bool Used { get; set; }
    }
}

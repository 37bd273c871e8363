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
    private readonly ConcurrentDictionary<string, StaticFile> _files = new(StringComparer.Ordinal);
    private readonly Queue<(string Path, StaticFile File)> _order = new();
    private readonly Lock _writing = new();
    private long _size;

    /// <summary>Bytes held.</summary>
    public long Size => Volatile.Read(ref _size);

    /// <summary>Looks up a path. Whether the file is still current is the caller's question.</summary>
    public bool TryGet(string path, [NotNullWhen(true)] out StaticFile? file)
    {
        if (!_files.TryGetValue(path, out file))
        {
            return false;
        }

        if (!file.Used)
        {
            file.Used = true;
        }

        return true;
    }

    /// <summary>Keeps a file, in the place of an older state of it.</summary>
    public void Add(string path, StaticFile file)
    {
        lock (_writing)
        {
            if (_files.TryGetValue(path, out var old))
            {
                _size -= old.Cost;
            }

            _files[path] = file;
            _size += file.Cost;
            _order.Enqueue((path, file));
            while (_order.Count > 0 && (_size > capacity || _order.Count > 2 * _files.Count + 16))
            {
                PassOver(full: _size > capacity);
            }
        }
    }

    /// <summary>Drops a file that is no longer current.</summary>
    public void Remove(string path, StaticFile file)
    {
        lock (_writing)
        {
            if (_files.TryRemove(KeyValuePair.Create(path, file)))
            {
                _size -= file.Cost;
            }
        }
    }

    /// <param name="full">Drop what was not asked for; else only clear the queue of what is gone already.</param>
    private void PassOver(bool full)
    {
        var (path, file) = _order.Dequeue();
        if (!_files.TryGetValue(path, out var now) || now != file)
        {
            return; // replaced or removed meanwhile
        }

        if (file.Used || !full)
        {
            file.Used &= !full;
            _order.Enqueue((path, file));
            return;
        }

        _files.TryRemove(path, out _);
        _size -= file.Cost;
    }
}

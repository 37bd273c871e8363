using System.Runtime.InteropServices;
using Skitai.Engine.Caching.Storage.Memory;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <content>What is in the directory: found out at the start, in the background and with pauses, for the disk is there for look-ups.</content>
internal sealed partial class DiskTier
{
    private const int BeforePause = 256;
    private const int AddedAtOnce = 2000;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(2);

    /// <summary>Finds out what is there. The oldest are deleted where there is more than there may be.</summary>
    private async Task TakeStockAsync()
    {
        Purges.Load();
        var count = 0;
        do
        {
            await ForgetRemovedUnseenAsync();
            var found = await ListAsync();
            if (Volatile.Read(ref _stopped))
            {
                return;
            }

            DropSurplus(found);
            count = found.Count;
            AddFound(found);
        }
        while (!TryBeReady());

        _scannedAt = _time.GetUtcNow();
        LogReady(_logger, _directory, count, Used);
        _opening.Worked();
        _writing.Worked();
        Do(Trim);
        Raise(ref _sweepUpTo, Purges.Last);
        await _writers.RunAsync(SavePurges);
    }

    /// <summary>Where more was removed than is remembered: those files are gone when all deletions so far are done, and only what is removed from now on counts.</summary>
    private async Task ForgetRemovedUnseenAsync()
    {
        lock (_changing)
        {
            if (!_removedTooMany)
            {
                return;
            }

            _removedUnseen.Clear();
        }

        await DoneAsync();
    }

    /// <summary>False when more was removed meanwhile than is remembered: some of that may have been found.</summary>
    private bool TryBeReady()
    {
        lock (_changing)
        {
            if (_removedUnseen.Count >= MostRemovedUnseen)
            {
                _removedTooMany = true;
                _used -= _index.Blocks;
                _index.Clear();
                return false;
            }

            _removedUnseen.Clear();
            _removedTooMany = false;
            Volatile.Write(ref _ready, true);
            return true;
        }
    }

    /// <summary>All objects in the directory, the oldest first.</summary>
    private async Task<List<(ObjectName Name, long Blocks, DateTime Written)>> ListAsync()
    {
        List<(ObjectName Name, long Blocks, DateTime Written)> found = [];
        for (var folder = 0; folder < ObjectFolder.Count && !Volatile.Read(ref _stopped); folder++)
        {
            var before = found.Count;
            await ScanAsync(folder, isFirst: true, (name, length, written) => found.Add((name, ObjectLayout.DiskBlocks(length), written)));
            if (found.Count / BeforePause != before / BeforePause)
            {
                await Task.Delay(s_pause, _ending.Token);
            }
        }

        // A file's time is that of its last 304: what was confirmed lately goes last.
        found.Sort((one, other) => one.Written.CompareTo(other.Written));
        return found;
    }

    /// <summary>Few at a time: look-ups, on the threads that poll sockets, wait for the same lock.</summary>
    private void AddFound(List<(ObjectName Name, long Blocks, DateTime Written)> found)
    {
        for (var from = 0; from < found.Count; from += AddedAtOnce)
        {
            lock (_changing)
            {
                for (var at = from; at < Math.Min(from + AddedAtOnce, found.Count); at++)
                {
                    TryAddFound(found[at].Name, found[at].Blocks);
                }
            }
        }
    }

    /// <summary>As <see cref="DropSurplus(ObjectName)"/>, for all that was found: the newest of each key's variants stay.</summary>
    /// <param name="found">The oldest first.</param>
    private void DropSurplus(List<(ObjectName Name, long Blocks, DateTime Written)> found)
    {
        Dictionary<ObjectName, int> variants = [];
        List<(ObjectName Name, long Blocks, DateTime Written)> surplus = [];
        for (var at = found.Count - 1; at >= 0; at--)
        {
            var name = found[at].Name;
            if (name.Vary != 0 && ++CollectionsMarshal.GetValueRefOrAddDefault(variants, name with { Vary = 0, Variant = 0 }, out _) > StoredVariants.MostVariants)
            {
                surplus.Add(found[at]);
                found[at] = default;
            }
        }

        if (surplus.Count == 0)
        {
            return;
        }

        found.RemoveAll(static one => one.Name == default);
        lock (_changing)
        {
            surplus.RemoveAll(one => !_dying.Add(one.Name)); // its deletion is under way
            surplus.ForEach(one => _used += one.Blocks); // until it is deleted
        }

        foreach (var (name, blocks, _) in surplus)
        {
            Do(() => Delete(name, blocks));
        }
    }

    /// <summary>Takes up what has come otherwise than by this process.</summary>
    private async Task ScanAgainAsync()
    {
        for (var folder = 0; folder < ObjectFolder.Count && MayKeepUp; folder++)
        {
            await ScanAsync(folder, isFirst: false, (name, length, _) =>
            {
                bool isNew;
                lock (_changing)
                {
                    isNew = TryAddFound(name, ObjectLayout.DiskBlocks(length));
                }

                if (isNew)
                {
                    DropSurplus(name);
                }
            });
            await Task.Delay(s_pause, _ending.Token);
        }
    }

    /// <summary>Adds an object to the index, unless it is there or not to be found any more. Under the lock.</summary>
    private bool TryAddFound(ObjectName name, long blocks)
    {
        if (_index.Contains(name) || _dying.Contains(name) || _removedUnseen.Contains(name with { Vary = 0, Variant = 0 }))
        {
            return false;
        }

        _index.Add(name, blocks, 0);
        _used += blocks;
        return true;
    }

    private Task<bool> ScanAsync(int folder, bool isFirst, Action<ObjectName, long, DateTime> found) => _writers.RunAsync(() =>
    {
        ObjectFolder.Scan(_directory, folder, isFirst, found);
        return true;
    });
}

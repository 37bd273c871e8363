using System.ComponentModel;
using System.IO.Enumeration;
using System.Runtime.InteropServices;
using Skitai.Engine.Caching.Storage.Memory;
using Skitai.Posix;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>
/// Gets hold of the directory and finds out what is in it. In the background and with pauses: the disk is
/// there for look-ups.
/// </summary>
internal sealed partial class DiskTier
{
    private const int Folders = 256;
    private const int BeforePause = 256;
    private const int AddedAtOnce = 2000;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan s_untilOwned = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_untilLooked = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_untilScanned = TimeSpan.FromHours(1);

    private readonly SemaphoreSlim _wanted = new(0);
    private FileLock? _lock;
    private FileStatus? _lockStatus;
    private DateTimeOffset _scannedAt;
    private int _disposed;

    /// <summary>A successor owns the directory from now on: nothing more is written, what is there may still be read.</summary>
    public void StopWriting()
    {
        lock (_changing)
        {
            _stopped = true;
        }

        Do(LetGo);
    }

    /// <summary>Writes what is still to be written, and lets go of the directory.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _ending.CancelAsync();
        _jobs.Writer.TryComplete();
        try
        {
            await Task.WhenAll(_upkeep, _worker).WaitAsync(s_untilLooked, _time);
        }
        catch (TimeoutException)
        {
            return; // a disk that hangs: what is open stays open
        }

        // The signals are not disposed of: look-ups and purges that are under way may still ask them.
        LetGo();
    }

    private void LetGo()
    {
        lock (_publishing)
        {
            _lock?.Dispose();
            _lock = null;
        }
    }

    /// <summary>Whether the directory is ours and known.</summary>
    private bool MayKeepUp => IsReady && !Volatile.Read(ref _stopped);

    private void TellTroubles()
    {
        _opening.Tell();
        _writing.Tell();
        _reading.Tell();
        _answering.Tell();
        _room.Tell(Volatile.Read(ref _limit));
    }

    private async Task KeepUpAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            TellTroubles();
            try
            {
                if (!MayKeepUp)
                {
                    Answer(TakeWaiting(), 0); // what they wait for is done by whoever has the directory
                }

                if (MayKeepUp)
                {
                    await LookAfterAsync();
                }
                else if (!Volatile.Read(ref _stopped) && !_opening.IsPausing && await _writers.RunAsync(TryOwn))
                {
                    await TakeStockAsync();
                }
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or Win32Exception)
            {
                KeepingUpFailed(error);
            }
#pragma warning disable CA1031 // a cache that fails must not take the instance with it
            catch (Exception error)
            {
                LogBug(_logger, _directory, error);
                KeepingUpFailed(error);
            }
#pragma warning restore CA1031

            try
            {
                await _wanted.WaitAsync(IsReady ? s_untilLooked : s_untilOwned, _ending.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        Answer(TakeWaiting(), 0);
    }

    /// <summary>The directory is there, and nobody else writes in it.</summary>
    private bool TryOwn()
    {
        try
        {
            DiskFiles.CreateDirectory(_directory);
        }
        catch (IOException error) when (FileInTheWay() is { } file)
        {
            throw new IOException($"'{file}' is not a directory", error);
        }

        var path = Path.Combine(_directory, "lock");
        var taken = FileLock.TryTake(path);
        if (taken is null)
        {
            return false;
        }

        lock (_publishing)
        {
            _lock = taken;
            _lockStatus = PosixFile.GetStatus(path);
            if (Volatile.Read(ref _stopped))
            {
                _lock.Dispose();
                _lock = null;
                return false;
            }
        }

        return true;
    }

    /// <summary>What there is of the path that is no directory; null = nothing.</summary>
    private string? FileInTheWay()
    {
        var path = _directory;
        while (!Path.Exists(path) && Path.GetDirectoryName(path) is { } above)
        {
            path = above;
        }

        return Directory.Exists(path) ? null : path;
    }

    private void KeepingUpFailed(Exception error)
    {
        if (IsReady)
        {
            _writing.Failed(error);
            return;
        }

        // The next try takes the lock anew: from another open file, which our own would keep out.
        Abandon();
        _opening.Failed(error);
    }

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
        for (var folder = 0; folder < Folders && !Volatile.Read(ref _stopped); folder++)
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

    private async Task LookAfterAsync()
    {
        var path = Path.Combine(_directory, "lock");
        if (await _writers.RunAsync(() => PosixFile.GetStatus(path)) is not { } status || _lockStatus is not { } mine || !status.IsSameFile(mine))
        {
            Abandon();
            return;
        }

        await LookAtRoomAsync();
        while (Volatile.Read(ref _sweepUpTo) > _sweptUpTo && MayKeepUp)
        {
            await LookThroughAsync();
        }

        if (_time.GetUtcNow().UtcTicks >= Volatile.Read(ref _sweepAgainAt))
        {
            Raise(ref _sweepUpTo, Purges.Last);
            await LookThroughAsync();
        }

        Answer(TakeWaiting(), 0);
        if (_time.GetUtcNow() - _scannedAt >= s_untilScanned)
        {
            _scannedAt = _time.GetUtcNow();
            for (var folder = 0; folder < Folders && MayKeepUp; folder++)
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

        Do(Trim);
    }

    /// <summary>A file system that was full may have room again.</summary>
    private async Task LookAtRoomAsync()
    {
        if (_room.IsToBeMeasured)
        {
            var free = ObjectLayout.DiskBlocks(await _writers.RunAsync(() => new DriveInfo(_directory).AvailableFreeSpace));
            lock (_changing)
            {
                _room.Measured(_used + free, _limit);
            }
        }
    }

    /// <summary>Somebody removed the directory: it is begun anew.</summary>
    private void Abandon()
    {
        lock (_publishing)
        {
            lock (_changing)
            {
                Volatile.Write(ref _ready, false);
                _used -= _index.Blocks;
                _index.Clear();
            }

            _lock?.Dispose();
            _lock = null;
        }
    }

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
        Scan(folder, isFirst, found);
        return true;
    });

    private void Scan(int folder, bool isFirst, Action<ObjectName, long, DateTime> found)
    {
        var path = Path.Combine(_directory, folder.ToString("x2"));
        var own = $".{Environment.ProcessId}-";
        List<string> leftOver = [];
        try
        {
            var entries = new FileSystemEnumerable<(ObjectName Name, long Length, DateTime Written)>(
                path,
                (ref FileSystemEntry entry) => ObjectName.TryParse(entry.FileName, out var name)
                    ? (name, entry.Length, entry.LastWriteTimeUtc.UtcDateTime)
                    : default,
                new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true })
            {
                ShouldIncludePredicate = (ref FileSystemEntry entry) =>
                {
                    if (entry.FileName.EndsWith(".tmp") && (isFirst || !entry.FileName.Contains(own, StringComparison.Ordinal)))
                    {
                        leftOver.Add(entry.ToFullPath());
                    }

                    return entry.FileName.Length == ObjectName.TextLength && !entry.IsDirectory;
                },
            };
            foreach (var (name, length, written) in entries)
            {
                if (name.Folder == folder && name != default)
                {
                    found(name, length, written);
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing was kept in it yet.
        }

        leftOver.ForEach(one => DiskFiles.TryDelete(one));
    }
}

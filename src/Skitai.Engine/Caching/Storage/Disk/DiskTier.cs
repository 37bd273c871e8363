using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Skitai.Engine.Caching.Storage.Memory;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>
/// The objects on disk, one file each, within a bound of bytes. One process at a time owns the directory (a lock) and writes;
/// others may read what is there and delete from it. This part counts the space.
/// </summary>
internal sealed partial class DiskTier : IAsyncDisposable
{
    private readonly string _directory;
    private readonly MemoryTier _memory;
    private readonly Admissions _admissions;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly DiskRoom _room;
    private readonly DiskTrouble _opening;
    private readonly DiskTrouble _writing;
    private readonly DiskTrouble _reading;
    private readonly DiskTrouble _answering;
    private readonly Lock _changing = new();
    private readonly DiskIndex _index = new();
    private readonly Dictionary<ObjectName, OpenFile> _open = [];
    private readonly Channel<Action> _jobs = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _worker;
    private readonly Task _upkeep;
    private long _limit;
    private long _used;
    private long _evictions;
    private long _damaged;
    private int _mostObjects;
    private bool _ready;
    private bool _stopped;

    /// <summary>Makes one and begins to look through the directory.</summary>
    /// <param name="directory">A directory of its own; made when it is missing.</param>
    /// <param name="limit">Bytes.</param>
    /// <param name="memory">Where objects are when they are at hand.</param>
    /// <param name="admissions">What is on its way in.</param>
    /// <param name="logger">Hears of trouble.</param>
    /// <param name="time">The clock.</param>
    public DiskTier(string directory, long limit, MemoryTier memory, Admissions admissions, ILogger logger, TimeProvider time)
    {
        _directory = directory;
        _memory = memory;
        _admissions = admissions;
        _logger = logger;
        _time = time;
        _limit = limit / ObjectLayout.DiskBytes(1);
        _mostObjects = MostObjects(memory.Limit);
        _room = new DiskRoom(directory, logger, time);
        _opening = new DiskTrouble("opening", directory, logger, time);
        _writing = new DiskTrouble("writing", directory, logger, time);
        _reading = new DiskTrouble("reading", directory, logger, time);
        _answering = new DiskTrouble("answering in time", directory, logger, time);
        Purges = new PurgeList(Path.Combine(directory, "purges"), time);
        _worker = Task.Run(WorkAsync);
        _upkeep = Task.Run(KeepUpAsync);
    }

    /// <summary>The most that one object may take: a quarter of what there is room for.</summary>
    public long ObjectLimit => ObjectLayout.DiskBytes(Bound) / 4;

    /// <summary>Bytes that it may take.</summary>
    public long Limit => ObjectLayout.DiskBytes(Volatile.Read(ref _limit));

    /// <summary>Bytes that it takes: objects, what is being filled, and deleted files that are still open.</summary>
    public long Used => ObjectLayout.DiskBytes(Volatile.Read(ref _used));

    /// <summary>Objects deleted to make room.</summary>
    public long Evictions => Volatile.Read(ref _evictions);

    /// <summary>Objects deleted because they were not what was written.</summary>
    public long DamagedObjects => Volatile.Read(ref _damaged);

    /// <summary>How many objects are known.</summary>
    public int Count
    {
        get
        {
            lock (_changing)
            {
                return _index.Count;
            }
        }
    }

    /// <summary>What does not work; null = nothing.</summary>
    public string? Trouble => (_opening.Reason ?? _writing.Reason ?? _reading.Reason ?? _answering.Reason) is { } reason ? $"disk is not used: {reason}" : _room.Reason(Volatile.Read(ref _limit));

    /// <summary>Whether all that is in the directory is known: until then look-ups ask the file system, and nothing is written.</summary>
    public bool IsReady => Volatile.Read(ref _ready);

    /// <summary>Whether an object can be written now.</summary>
    public bool MayWrite => IsReady && !Volatile.Read(ref _stopped) && !_writing.IsPausing;

    /// <summary>What was purged.</summary>
    public PurgeList Purges { get; }

    /// <summary>Another bound; what is beyond it is deleted off this thread.</summary>
    public void Resize(long limit, long memory)
    {
        lock (_changing)
        {
            Volatile.Write(ref _limit, limit / ObjectLayout.DiskBytes(1));
            _mostObjects = MostObjects(memory);
        }

        Do(Trim);
    }

    /// <summary>Sets disk aside, evicting objects for it where need be.</summary>
    /// <param name="blocks">How much.</param>
    /// <param name="victims">Gets those evicted: their files are the caller's to delete (<see cref="DeleteEvicted"/>) before it writes.</param>
    /// <returns>False when there is none to be had.</returns>
    public bool TryReserve(long blocks, List<ObjectName> victims)
    {
        while (true)
        {
            StoredObject? atHand;
            lock (_changing)
            {
                if (_used + blocks <= Bound && _index.Count < _mostObjects)
                {
                    _used += blocks;
                    return true;
                }

                if (blocks > Bound || !_index.TryPickVictim(out var name, out var size))
                {
                    return false;
                }

                TakeOut(name);
                Interlocked.Increment(ref _evictions);
                victims.Add(name);
                atHand = Orphan(name, size);
            }

            // Outside the lock: the last share given back closes the file, which comes here.
            if (atHand is not null)
            {
                _memory.Remove(atHand);
            }
        }
    }

    /// <summary>Somebody opens a file by that name: what is known of it before.</summary>
    private OpenFile Opened(ObjectName name, out long sequence, out StoredHead? freshHead)
    {
        lock (_changing)
        {
            _index.TryGet(name, out _, out sequence);
            freshHead = _freshHeads.GetValueOrDefault(name).Head;
            if (!_open.TryGetValue(name, out var open))
            {
                _open[name] = open = new OpenFile();
            }

            open.Count++;
            return open;
        }
    }

    /// <summary>Somebody closed it.</summary>
    public void Closed(ObjectName name, OpenFile open)
    {
        lock (_changing)
        {
            if (--open.Count > 0)
            {
                return;
            }

            open.AtHand = null;
            _used -= open.Orphaned;
            if (_open.GetValueOrDefault(name) == open)
            {
                _open.Remove(name);
            }
        }
    }

    /// <summary>
    /// A write found the disk full: what is there now is the bound for a while, and so much of it goes, the oldest first, that
    /// what was set aside and not written fits.
    /// </summary>
    /// <param name="unwritten">Blocks set aside that are not on disk.</param>
    /// <param name="victims">As in <see cref="TryReserve"/>.</param>
    /// <returns>Whether anything went: it is worth another try.</returns>
    public bool TryMakeRoom(long unwritten, List<ObjectName> victims)
    {
        lock (_changing)
        {
            _room.Full(_used - Math.Max(1, unwritten), _limit);
        }

        return TryReserve(0, victims) || victims.Count > 0;
    }

    /// <summary>Blocks that there may be, and that there is room for.</summary>
    private long Bound => Math.Min(Volatile.Read(ref _limit), _room.Fits);

    private static int MostObjects(long memory) => (int)Math.Clamp(memory / 128, 250_000, 100_000_000);

    /// <summary>
    /// A file is about to lose its name: its blocks are free now, or when the last one who has it open closes it. Under the lock.
    /// </summary>
    /// <returns>The object at hand that has it open; null = none.</returns>
    private StoredObject? Orphan(ObjectName name, long blocks)
    {
        if (_open.Remove(name, out var open))
        {
            open.Orphaned = blocks;
            return open.AtHand;
        }

        _used -= blocks;
        return null;
    }

    /// <summary>Gives back what was set aside.</summary>
    private void Return(long blocks)
    {
        lock (_changing)
        {
            _used -= blocks;
        }
    }

    private void Trim()
    {
        List<ObjectName> victims = [];
        while (IsOver() && TryReserve(0, victims))
        {
            // The bound of objects and that of bytes are both looked at.
        }

        victims.ForEach(DeleteEvicted);
    }

    private bool IsOver()
    {
        lock (_changing)
        {
            return _used > Bound || _index.Count >= _mostObjects;
        }
    }

    private string FolderOf(ObjectName name) => ObjectFolder.PathOf(_directory, name.Folder);

    private string PathOf(ObjectName name) => Path.Combine(FolderOf(name), name.ToString());

    /// <summary>Has the worker do it; when there is none any more, it is done here. What goes wrong is no concern of the caller.</summary>
    private void Do(Action job)
    {
        if (!_jobs.Writer.TryWrite(job))
        {
            Try(job);
        }
    }

    [LoggerMessage(EventId = 403, Level = LogLevel.Warning, Message = "cache {Directory}: a file was damaged and is deleted: {Name}")]
    private static partial void LogDamaged(ILogger logger, string directory, ObjectName name);

    [LoggerMessage(EventId = 404, Level = LogLevel.Error, Message = "cache {Directory}: an error of its own")]
    private static partial void LogBug(ILogger logger, string directory, Exception error);

    [LoggerMessage(EventId = 405, Level = LogLevel.Information, Message = "cache {Directory}: {Count} objects, {Bytes} bytes")]
    private static partial void LogReady(ILogger logger, string directory, int count, long bytes);
}

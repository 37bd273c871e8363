using System.Globalization;
using Microsoft.Extensions.Logging;
using Skitai.Posix;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>
/// What fits where the file system holds less than cache_disk: learnt from a write that found it full, a bound from then on,
/// and measured anew after a minute. Everything is in blocks.
/// </summary>
/// <param name="directory">Where the objects are.</param>
/// <param name="logger">Hears of a disk that is full, and of one that is not any more.</param>
/// <param name="time">The clock.</param>
internal sealed partial class DiskRoom(string directory, ILogger logger, TimeProvider time)
{
    /// <summary>The largest margin: 16 MB.</summary>
    private const long MostSpare = 4096;

    private static readonly TimeSpan s_first = TimeSpan.FromMinutes(1), s_most = TimeSpan.FromHours(1);

    private readonly Lock _changing = new();
    private readonly Telling _telling = new(time);
    private long _fits = long.MaxValue;
    private TimeSpan _pause = s_first;
    private DateTimeOffset _until, _over;

    /// <summary>What is to be kept at most; <see cref="long.MaxValue"/> = as much as may be.</summary>
    public long Fits => Volatile.Read(ref _fits);

    /// <summary>Whether a disk or a quota is full.</summary>
    public static bool IsCause(Exception error) => error is IOException { HResult: Errno.NoSpace or Errno.Quota };

    /// <summary>What is to be said of it; null = there is room.</summary>
    /// <param name="limit">What may be kept.</param>
    public string? Reason(long limit)
    {
        var fits = Fits;
        return fits >= limit ? null : string.Create(CultureInfo.InvariantCulture, $"disk is full: {Megabytes(fits)} of cache_disk's {Megabytes(limit)} fit");
    }

    /// <summary>A write found no space.</summary>
    /// <param name="held">What is on disk.</param>
    /// <param name="limit">What may be kept.</param>
    public void Full(long held, long limit)
    {
        lock (_changing)
        {
            var now = time.GetUtcNow();
            if (_fits == long.MaxValue)
            {
                // What is measured may be wrong, a quota's room above all: then it is believed less and less often.
                _pause = _over != default && now < _over + _pause ? TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, s_most.Ticks)) : s_first;
            }

            Volatile.Write(ref _fits, Math.Max(0, Math.Min(_fits, held - Spare(held))));
            _until = now + _pause;
            Tell(limit);
        }
    }

    /// <summary>Whether it is time for <see cref="Measured"/>.</summary>
    public bool IsToBeMeasured
    {
        get
        {
            lock (_changing)
            {
                return _fits != long.MaxValue && time.GetUtcNow() >= _until;
            }
        }
    }

    /// <summary>How much the file system takes now.</summary>
    /// <param name="room">What is held on it and what is free.</param>
    /// <param name="limit">What may be kept.</param>
    public void Measured(long room, long limit)
    {
        lock (_changing)
        {
            room -= Spare(room);
            if (_fits == long.MaxValue || room <= _fits)
            {
                return;
            }

            if (room >= limit)
            {
                _over = time.GetUtcNow();
                room = long.MaxValue;
            }

            Volatile.Write(ref _fits, room);
        }
    }

    /// <summary>Has the log say what it was not told yet.</summary>
    public void Tell(long limit)
    {
        lock (_changing)
        {
            var isFull = _fits < limit;
            if (!_telling.IsDue(isFull))
            {
                return;
            }

            if (isFull)
            {
                LogFull(logger, directory, Megabytes(limit));
            }
            else
            {
                LogRoom(logger, directory);
            }
        }
    }

    /// <summary>Names and heads take space that is not counted: so the next write need not find the disk full again.</summary>
    private static long Spare(long held) => Math.Clamp(held / 64, 0, MostSpare);

    private static string Megabytes(long blocks) => (ObjectLayout.DiskBytes(blocks) / 1048576.0).ToString("0.0", CultureInfo.InvariantCulture) + " MB";

    [LoggerMessage(EventId = 406, Level = LogLevel.Warning, Message = "cache {Directory}: the disk is full with less than cache_disk's {Limit} in it: older answers make room for newer ones")]
    private static partial void LogFull(ILogger logger, string directory, string limit);

    [LoggerMessage(EventId = 407, Level = LogLevel.Information, Message = "cache {Directory}: the disk has room for all of cache_disk again")]
    private static partial void LogRoom(ILogger logger, string directory);
}

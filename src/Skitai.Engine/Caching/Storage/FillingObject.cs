using Skitai.Engine.Caching.Storage.Disk;
using Skitai.Engine.Caching.Storage.Memory;

namespace Skitai.Engine.Caching.Storage;

/// <summary>
/// An object that is being filled, for those who want it as it comes: each opens a reader of its own. What has come is kept
/// for them until the fill ends and the last of them is done.
/// </summary>
internal sealed class FillingObject
{
    private readonly Lock _changing = new();
    private FillBuffer? _buffer;
    private ObjectFill? _file;
    private StoredObject? _stored;
    private TaskCompletionSource? _progress;
    private BodyLostException? _failure;
    private bool _complete;
    private long _written;
    private int _shares = 1;

    internal FillingObject(StoredHead head, long length, FillBuffer? buffer, ObjectFill? file)
    {
        Head = head;
        Length = length;
        _buffer = buffer;
        _file = file;
    }

    /// <summary>Its head.</summary>
    public StoredHead Head { get; }

    /// <summary>Bytes that the body is going to have; -1 = not known.</summary>
    public long Length { get; }

    /// <summary>
    /// Whether the cache has set aside all that it takes: then nothing but the member, or a disk that fails, ends it early. A
    /// fill of unknown length may turn out too large to be kept, and its readers get no more: better wait for its end.
    /// </summary>
    public bool IsCertain => Length >= 0;

    /// <summary>Bytes that have come.</summary>
    public long Written => Volatile.Read(ref _written);

    /// <summary>Opens a reader at the beginning; null when the fill has ended: look the object up, or fetch it.</summary>
    public FillReader? TryOpenReader()
    {
        lock (_changing)
        {
            if (_complete || _failure is not null)
            {
                return null;
            }

            _shares++;
            return new FillReader(this);
        }
    }

    /// <summary>What can be had at an offset without waiting. The task, if there is one, ends when there is more.</summary>
    internal FillView Look(long offset)
    {
        lock (_changing)
        {
            if (offset < _written)
            {
                return _buffer is { } buffer
                    ? new FillView(buffer.At(offset), null, null, 0)
                    : new FillView(default, _file, null, _written - offset);
            }

            if (_failure is { } failure)
            {
                throw new BodyLostException(failure.Message, failure);
            }

            return _complete ? default : new FillView(default, null, (_progress ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task, 0);
        }
    }

    /// <summary>Gives a share back.</summary>
    internal void Release()
    {
        lock (_changing)
        {
            if (--_shares > 0)
            {
                return;
            }
        }

        // The buffer's memory was set aside until now, for its readers had it; a committed object counts itself.
        _buffer?.Return();
        if (_stored is null)
        {
            _file?.Dispose();
        }

        _stored?.Release();
    }

    internal FillBuffer? Buffer => _buffer;

    internal ObjectFill? File => _file;

    /// <summary>Bytes were added.</summary>
    internal void Advance(long written)
    {
        TaskCompletionSource? waiting;
        lock (_changing)
        {
            Volatile.Write(ref _written, written);
            waiting = _progress;
            _progress = null;
        }

        waiting?.SetResult();
    }

    /// <summary>What has come is in a file now, and the memory free.</summary>
    internal void MoveTo(ObjectFill file)
    {
        FillBuffer? buffer;
        lock (_changing)
        {
            buffer = _buffer;
            _buffer = null;
            _file = file;
        }

        buffer?.Return();
    }

    /// <summary>All is there and kept: readers go on in the object, in which a share is taken over.</summary>
    internal void Complete(StoredObject stored)
    {
        TaskCompletionSource? waiting;
        lock (_changing)
        {
            _complete = true;
            _stored = stored;
            waiting = _progress;
            _progress = null;
        }

        waiting?.SetResult();
        Release();
    }

    /// <summary>All is there, but not kept; readers get it all the same.</summary>
    internal void CompleteUnkept()
    {
        TaskCompletionSource? waiting;
        lock (_changing)
        {
            _complete = true;
            waiting = _progress;
            _progress = null;
        }

        waiting?.SetResult();
        Release();
    }

    /// <summary>There will be no more.</summary>
    internal void Fail(string reason)
    {
        TaskCompletionSource? waiting;
        lock (_changing)
        {
            _failure = new BodyLostException(reason);
            waiting = _progress;
            _progress = null;
        }

        waiting?.SetResult();
        Release();
    }
}

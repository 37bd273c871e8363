namespace Skitai.Engine.Caching.Storage;

/// <summary>
/// Puts one answer into the cache: begun with its head, bytes appended as they come, committed when all of it is there. Until
/// then no look-up finds it. For one writer at a time.
/// </summary>
internal sealed class ObjectWriter : IDisposable
{
    private readonly ObjectStore _store;
    private readonly Admission _admission;
    private readonly long _sequence;
    private long _written;
    private bool _ended;

    internal ObjectWriter(ObjectStore store, FillingObject filling, Admission admission, long sequence)
    {
        _store = store;
        _admission = admission;
        _sequence = sequence;
        Filling = filling;
    }

    /// <summary>For those who want it as it comes.</summary>
    public FillingObject Filling { get; }

    /// <summary>Whether it was given up: too large, no room, or the disk failed. What is appended then goes nowhere.</summary>
    public bool IsDropped { get; private set; }

    /// <summary>
    /// Adds bytes. Waits only where they go to disk, and does that off the calling thread. A disk that fails ends the fill and
    /// is not the caller's concern.
    /// </summary>
    /// <param name="bytes">Copied or written when this ends.</param>
    /// <returns>False when the object is not going to be kept: the caller may stop appending.</returns>
    public ValueTask<bool> AppendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (_ended || IsDropped)
        {
            return ValueTask.FromResult(false);
        }

        if (Filling.Length >= 0 && _written + bytes.Length > Filling.Length)
        {
            return ValueTask.FromResult(Drop("the body is longer than was said"));
        }

        if (Filling.Buffer is { } buffer && buffer.TryAppend(bytes.Span))
        {
            _written += bytes.Length;
            Filling.Advance(_written);
            return ValueTask.FromResult(true);
        }

        return AppendToFileAsync(bytes);
    }

    /// <summary>All of it has been appended: look-ups find it from now on, in the place of an older one of its selection.</summary>
    /// <returns>False when it is not kept after all.</returns>
    /// <exception cref="InvalidOperationException">The length was known, and that much has not been appended: abort it instead.</exception>
    public async ValueTask<bool> CommitAsync()
    {
        if (_ended || IsDropped)
        {
            _ended = true;
            return false;
        }

        if (Filling.Length >= 0 && _written != Filling.Length)
        {
            throw new InvalidOperationException($"{_written} of {Filling.Length} bytes were appended.");
        }

        _ended = true;
        StoredObject? stored;
        try
        {
            stored = Filling.Buffer is { } buffer ? _store.Keep(Filling.Head, buffer, _admission, _sequence) : await _store.KeepAsync(Filling, _admission, _sequence);
        }
        catch
        {
            Filling.CompleteUnkept(); // whatever it was: its readers must not wait for ever
            throw;
        }

        if (stored is null)
        {
            Filling.CompleteUnkept();
            return false;
        }

        Filling.Complete(stored);
        return true;
    }

    /// <summary>All of it has been appended, but it is not to be kept: its readers get it to its end.</summary>
    public void CompleteUnkept()
    {
        if (!_ended && !IsDropped)
        {
            _store.Close(_admission);
            Filling.CompleteUnkept();
        }

        _ended = true;
    }

    /// <summary>Gives it up; nothing of it stays. Its readers get no more.</summary>
    public void Abort()
    {
        if (!_ended && !IsDropped)
        {
            Drop("the answer broke off");
        }

        _ended = true;
    }

    /// <summary>Gives it up if it was not committed.</summary>
    public void Dispose() => Abort();

    private async ValueTask<bool> AppendToFileAsync(ReadOnlyMemory<byte> bytes)
    {
        var file = Filling.File;
        if (file is null)
        {
            file = await _store.OverflowAsync(Filling);
            if (file is null)
            {
                return Drop("it became larger than may be kept");
            }
        }

        if (await file.AppendAsync(bytes))
        {
            _written += bytes.Length;
            Filling.Advance(_written);
            return true;
        }

        return Drop("the cache's disk did not take it");
    }

    private bool Drop(string reason)
    {
        IsDropped = true;
        _store.Close(_admission);
        Filling.Fail(reason);
        return false;
    }
}

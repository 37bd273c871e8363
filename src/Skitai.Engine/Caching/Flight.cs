using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <summary>
/// One request to an origin on the cache's behalf, and those who wait for it. It belongs to none of them: the first one may
/// leave, and the others, or the store, get the answer all the same. Without anybody left it is given up, unless what comes is
/// going to be kept.
/// </summary>
#pragma warning disable CA1001 // a token source without a timer has nothing to dispose of
internal sealed partial class Flight : IInterimAnswers
#pragma warning restore CA1001
{
    private readonly SharedCache _cache;
    private readonly Origin _origin;
    private readonly RequestTraits _traits;
    private readonly CacheControl _control;
    private readonly StoredObject? _stored;
    private readonly string _globalId;
    private readonly int _localId;
    private readonly Lock _changing = new();
    private readonly CancellationTokenSource _givenUp = new();
    private readonly TaskCompletionSource<Landing> _landing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _givenUpByStore = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exchange? _leader;
    private FillReader? _leaderReader;
    private MemberAnswer? _passed;
    private RestOfAnswer? _rest;
    private Task _interim = Task.CompletedTask;
    private int _waiting;
    private bool _running = true;
    private bool _isReleased;
    private bool _isObsolete;
    private Flight? _next;

    /// <summary>Prepares one.</summary>
    /// <param name="cache">The cache.</param>
    /// <param name="origin">Who is asked.</param>
    /// <param name="leader">The request that it is for.</param>
    /// <param name="stored">What is kept, to be confirmed; null = nothing is. The flight takes over the share.</param>
    /// <param name="name">What others find it by; null = they do not.</param>
    /// <param name="isBackground">Nobody waits for it.</param>
    public Flight(SharedCache cache, Origin origin, CachedRequest leader, StoredObject? stored, string? name, bool isBackground = false)
    {
        (_cache, _origin, _stored, Name, Key) = (cache, origin, stored, name, leader.Key);
        _traits = leader.Traits;
        _control = name is null ? leader.Control : new CacheControl();
        (_globalId, _localId) = (leader.Exchange.GlobalTransactionId, leader.Exchange.LocalTransactionId);
        Request = origin.Detach(leader.Exchange);

        // What is kept for all who spell it in their own way is asked for in that one spelling.
        Request.Respell(PlainSpelling.Of(Request.Message.Target), CacheKey.AuthorityOf(Key));
        (IsBackground, BeganAt) = (isBackground, cache.Timestamp);
        if (!isBackground)
        {
            _leader = leader.Exchange;
            _waiting = 1;
        }
    }

    /// <summary>What others find it by; null = they do not.</summary>
    public string? Name { get; }

    /// <summary>The primary key.</summary>
    public string Key { get; }

    /// <summary>What is sent.</summary>
    public OriginRequest Request { get; }

    /// <summary>Whether what it brings was made obsolete meanwhile: it is not kept.</summary>
    public bool IsObsolete
    {
        get => Volatile.Read(ref _isObsolete);
        set => Volatile.Write(ref _isObsolete, value);
    }

    /// <summary>Whether nobody waits for it.</summary>
    public bool IsBackground { get; }

    /// <summary>When it began, as a time stamp.</summary>
    public long BeganAt { get; }

    /// <summary>The one that somebody who had waited for this one began in its place; null = nobody has.</summary>
    public Flight? Next => Volatile.Read(ref _next);

    /// <summary>Whether something has come of it.</summary>
    public bool HasLanded => _landing.Task.IsCompleted;

    /// <summary>Why there is no whole answer; null = there is one, or will be.</summary>
    public OriginException? Fault { get; private set; }

    /// <summary>Ends when the answer is kept, or is not going to be.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Bytes of the body once all of it has come; -1 before.</summary>
    public long CompleteLength { get; private set; } = -1;

    /// <summary>
    /// Whether a request is the one that this was begun for, come back from the origin: it would wait for itself. Others of one
    /// transaction, which have not come further, are no such.
    /// </summary>
    public bool LedTo(Exchange exchange) => exchange.LocalTransactionId > _localId && exchange.GlobalTransactionId == _globalId;

    /// <summary>Waits for what comes of it, with <see cref="LeaveAsync"/> to follow in any case.</summary>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public Task<Landing> WaitAsync(CancellationToken clientGone) => _landing.Task.WaitAsync(clientGone);

    /// <summary>As <see cref="WaitAsync(CancellationToken)"/>, but for a time; null = it is over.</summary>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async Task<Landing?> WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken clientGone)
    {
        if (!_landing.Task.IsCompleted && limit <= TimeSpan.Zero)
        {
            return null;
        }

        try
        {
            return await _landing.Task.WaitAsync(limit, time, clientGone);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Tells those who wait for this one which one they may wait for instead.</summary>
    public void PutInPlace(Flight next) => Interlocked.CompareExchange(ref _next, next, null);

    /// <summary>It does not begin after all.</summary>
    public void Discard() => _stored?.Release();

    /// <summary>Ends it: the instance ends.</summary>
    public void GiveUp() => _ = _givenUp.CancelAsync();

    /// <summary>One more waits for it; false when it is over.</summary>
    public bool TryJoin()
    {
        lock (_changing)
        {
            if (_givenUp.IsCancellationRequested || (_isReleased && _landing.Task is not { IsCompletedSuccessfully: true, Result.Kind: LandingKind.Failed }))
            {
                return false;
            }

            _waiting++;
            return true;
        }
    }

    /// <summary>The leader takes the reader that was opened for it; it is its own now.</summary>
    public FillReader? TakeReader()
    {
        lock (_changing)
        {
            var reader = _leaderReader;
            _leaderReader = null;
            return reader;
        }
    }

    /// <summary>The leader takes the answer that is not kept; it is its own now.</summary>
    public MemberAnswer? TakePassed()
    {
        lock (_changing)
        {
            var answer = _passed;
            _passed = null;
            return answer;
        }
    }

    /// <summary>
    /// The leader takes, after its reader has failed, what it has not got from there: it is its own now. Null = the answer broke off.
    /// </summary>
    public async Task<RestOfAnswer?> TakeRestAsync()
    {
        await _givenUpByStore.Task;
        lock (_changing)
        {
            var rest = _rest;
            _rest = null;
            return rest;
        }
    }

    /// <summary>One does not wait any more.</summary>
    /// <param name="isLeader">The one that it was begun for.</param>
    public ValueTask LeaveAsync(bool isLeader)
    {
        Task interim;
        FillReader? reader = null;
        MemberAnswer? answer = null;
        lock (_changing)
        {
            if (isLeader)
            {
                _leader = null;
                (reader, _leaderReader) = (_leaderReader, null);
                (answer, _passed) = (_passed ?? _rest?.Answer, null);
                _rest = null;
            }

            interim = _interim;
            _waiting--;
            if (_waiting == 0 && _running && !IsBackground && !_landing.Task.IsCompleted)
            {
                _ = _givenUp.CancelAsync();
            }
        }

        reader?.Dispose();
        ReleaseStored();
        return answer is null && (interim.IsCompleted || !isLeader) ? default : LeaveSlowlyAsync(answer, interim);
    }

    /// <inheritdoc/>
    public async ValueTask TakeAsync(int status, HeaderList headers, CancellationToken cancellation)
    {
        Task writing;
        lock (_changing)
        {
            if (_leader is not { } exchange)
            {
                return;
            }

            writing = _interim = _origin.WriteInterimAsync(exchange, status, headers, cancellation).AsTask();
        }

        try
        {
            await writing;
        }
#pragma warning disable CA1031 // a client that cannot take it is not the member's concern
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    /// <summary>Gives the share in what was to be confirmed back, when it is over for all.</summary>
    private void ReleaseStored()
    {
        lock (_changing)
        {
            if (_running || _waiting > 0 || _isReleased)
            {
                return;
            }

            _isReleased = true;
        }

        _stored?.Release();
    }

    private static async ValueTask LeaveSlowlyAsync(MemberAnswer? answer, Task interim)
    {
        if (answer is not null)
        {
            await answer.DisposeAsync();
        }

        // The exchange is the next request's when its own has left.
        await interim.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}

using System.Threading.Tasks.Sources;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Apps;

/// <summary>
/// One request on its way through the pool, a worker and back, with all the buffers it needs. Used again for later
/// requests. The one who answers the client owns it and waits on it; the worker's receive loop, the pool and the clock
/// tell it news.
/// </summary>
internal sealed partial class AppRequest : IValueTaskSource
{
    private const int KeptFrame = 16 * 1024, KeptBody = 16 * 1024;

    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _news;
    private bool _waiting;
    private bool _unseen;

    /// <summary>The REQUEST frame; <see cref="FrameLength"/> bytes of it are valid. Kept whole for a second try.</summary>
    public byte[] Frame { get; private set; } = new byte[2048];

    public int FrameLength { get; set; }

    /// <summary>The body is complete in <see cref="Frame"/>, so that the request can be sent a second time.</summary>
    public bool BodyComplete { get; set; }

    /// <summary>What a report of a slow request says about it.</summary>
    public string Method { get; private set; } = "";

    public string Url { get; private set; } = "";

    public string TransactionId { get; private set; } = "";

    public int LocalTransactionId { get; private set; }

    /// <summary>Links of the pool's queue; the pool's lock guards them.</summary>
    public AppRequest? Next { get; set; }

    public AppRequest? Previous { get; set; }

    public bool Queued { get; set; }

    /// <summary>When it entered the queue or the worker (TimeProvider time stamp).</summary>
    public long Since { get; set; }

    /// <summary>The worker that has it; the pool's lock guards it. It may have lost it since.</summary>
    public Worker? Worker { get; set; }

    /// <summary>Its stream there.</summary>
    public int Slot { get; set; }

    /// <summary>Gets ready for a new request.</summary>
    public void Begin(Exchange exchange)
    {
        Method = exchange.Method;
        Url = exchange.Request.RawTarget;
        TransactionId = exchange.GlobalTransactionId;
        LocalTransactionId = exchange.LocalTransactionId;
        FrameLength = 0;
        BodyComplete = true;
        WaitsForUpload = false;
        WaitsForDownload = false;
        Rewind();
    }

    /// <summary>Forgets what a first try brought.</summary>
    public void Rewind()
    {
        Outcome = AppOutcome.None;
        Head = null;
        Fault = null;
        BodyLength = 0;
        Ended = false;
        IsWatched = false;
        ClientLeft = false;
        UploadCredit = Apps.Frame.InitialCredit;
        Upload = UploadState.None;
        BodyWanted = false;
        Worker = null;
        _unseen = false;
        _waiting = false;
    }

    /// <summary>Lets go of everything big.</summary>
    public void Clear()
    {
        DropPieces();
        Worker = null;
        Head = null;
        if (Frame.Length > KeptFrame)
        {
            Frame = new byte[2048];
        }

        if (_body.Length > KeptBody)
        {
            _body = [];
        }
    }

    /// <summary>Makes room in <see cref="Frame"/>; what is in it stays.</summary>
    public void EnsureFrame(int size)
    {
        if (Frame.Length < size)
        {
            var larger = new byte[Math.Max(size, Frame.Length * 2)];
            Frame.CopyTo(larger, 0);
            Frame = larger;
        }
    }

    /// <summary>Completes when there is something that the last wait had not told.</summary>
    public ValueTask WaitAsync()
    {
        lock (_gate)
        {
            if (_unseen)
            {
                _unseen = false;
                return ValueTask.CompletedTask;
            }

            _news.Reset();
            _waiting = true;
            return new ValueTask(this, _news.Version);
        }
    }

    /// <summary>Runs what waits, on this thread. Only for whom a telling method has returned true.</summary>
    public void Wake() => _news.SetResult(true);

    /// <summary>Under the lock: there are news. True: the caller has to call <see cref="Wake"/> after leaving it.</summary>
    private bool Tell()
    {
        if (_waiting)
        {
            _waiting = false;
            return true;
        }

        _unseen = true;
        return false;
    }

    void IValueTaskSource.GetResult(short token) => _news.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _news.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _news.OnCompleted(continuation, state, token, flags);
}

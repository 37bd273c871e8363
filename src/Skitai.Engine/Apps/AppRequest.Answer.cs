using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Engine.Apps;

/// <summary>What comes back from the worker.</summary>
internal sealed partial class AppRequest
{
    private readonly Queue<AnswerPiece> _pieces = new();
    private byte[] _body = [];
    private int _outcome;
    private long _unreturnedCredit;
    private long _held;

    /// <summary>What came of it. Read without the lock, too, so it is the last thing to be set: what belongs to it is there.</summary>
    public AppOutcome Outcome
    {
        get => (AppOutcome)Volatile.Read(ref _outcome);
        private set => Volatile.Write(ref _outcome, (int)value);
    }

    public AnswerHead? Head { get; private set; }

    /// <summary>Why there is no proper answer or no proper end; null = there is.</summary>
    public string? Fault { get; private set; }

    /// <summary>The worker's last word on this stream has come.</summary>
    public bool Ended { get; private set; }

    /// <summary>The clock has looked at it once: it takes long enough to be worth noticing that the client leaves.</summary>
    public bool IsWatched { get; private set; }

    /// <summary>The client is gone.</summary>
    public bool ClientLeft { get; private set; }

    /// <summary>The app waits for the client: its time does not count against app_timeout.</summary>
    public bool WaitsForClient => WaitsForUpload || WaitsForDownload;

    /// <summary>The client's next bytes are awaited.</summary>
    public bool WaitsForUpload { get; set; }

    /// <summary>A part of the answer is on its way to the client.</summary>
    public bool WaitsForDownload { get; set; }

    /// <summary>A complete answer's body.</summary>
    public ReadOnlySpan<byte> Body => _body.AsSpan(0, BodyLength);

    public int BodyLength { get; private set; }

    /// <summary>RESPONSE. True: wake.</summary>
    /// <exception cref="ProtocolViolationException">There was one already, or it holds more than one frame may.</exception>
    public bool TellResponse(AnswerHead? head, string fault, ReadOnlySpan<byte> body, bool end)
    {
        lock (_gate)
        {
            if (Outcome != AppOutcome.None)
            {
                throw new ProtocolViolationException("a second RESPONSE on one stream");
            }

            Head = head;
            Ended = end;
            if (head is null)
            {
                Fault = fault;
                Outcome = AppOutcome.BadHead;
            }
            else if (end)
            {
                if (_body.Length < body.Length)
                {
                    _body = new byte[Math.Max(512, body.Length)];
                }

                body.CopyTo(_body);
                BodyLength = body.Length;
                Outcome = AppOutcome.Complete;
            }
            else
            {
                _unreturnedCredit = 0;
                _held = 0;
                Hold(body, takesCredit: false);
                Outcome = AppOutcome.Begun;
            }

            return Tell();
        }
    }

    /// <summary>DATA. True: wake.</summary>
    public bool TellData(ReadOnlySpan<byte> data, bool end)
    {
        lock (_gate)
        {
            if (Outcome is AppOutcome.BadHead)
            {
                return false;
            }

            if (Outcome != AppOutcome.Begun || Ended)
            {
                throw new ProtocolViolationException("DATA without a RESPONSE before it");
            }

            Ended = end;
            Hold(data, takesCredit: true);
            return Tell();
        }
    }

    /// <summary>FILE. True: wake. The file is ours from here on.</summary>
    public bool TellFile(SafeFileHandle? file, long offset, long length, bool end)
    {
        lock (_gate)
        {
            if (Outcome != AppOutcome.Begun || Ended)
            {
                file?.Dispose();
                return Outcome == AppOutcome.BadHead ? false : throw new ProtocolViolationException("FILE without a RESPONSE before it");
            }

            Ended = end;
            if (file is null)
            {
                Fault = "the file that the app wants to send cannot be opened";
                Ended = true;
            }
            else
            {
                _pieces.Enqueue(new AnswerPiece(null, 0, false, file, offset, length));
            }

            return Tell();
        }
    }

    /// <summary>The stream is over without a proper end. True: wake.</summary>
    public bool TellFailure(AppOutcome outcome, string reason)
    {
        lock (_gate)
        {
            if (Ended || Outcome == AppOutcome.BadHead)
            {
                Ended = true;
                return false;
            }

            Ended = true;
            Fault = reason;
            if (Outcome == AppOutcome.None)
            {
                Outcome = outcome;
            }

            return Tell();
        }
    }

    /// <summary>The clock came by. True: wake.</summary>
    public bool TellWatched()
    {
        lock (_gate)
        {
            if (IsWatched || Outcome != AppOutcome.None)
            {
                return false;
            }

            IsWatched = true;
            return Tell();
        }
    }

    /// <summary>The client is gone; called by Kestrel's token.</summary>
    public void OnClientGone()
    {
        bool wake;
        lock (_gate)
        {
            ClientLeft = true;
            wake = Tell();
        }

        if (wake)
        {
            Wake();
        }
    }

    /// <summary>Takes the next piece of the body.</summary>
    /// <returns>False: nothing there now; <paramref name="over"/> tells whether more will come.</returns>
    public bool TryTakePiece(out AnswerPiece piece, out bool over)
    {
        lock (_gate)
        {
            over = Ended && _pieces.Count == 0;
            return _pieces.TryDequeue(out piece);
        }
    }

    /// <summary>Takes the next piece of the body if it is bytes: a file is nobody's burden.</summary>
    /// <returns>False: there are none now; <paramref name="over"/> tells whether none will come, or a file comes first.</returns>
    public bool TryTakeBytes(out AnswerPiece piece, out bool over)
    {
        lock (_gate)
        {
            var any = _pieces.TryPeek(out piece);
            over = any ? piece.File is not null : Ended;
            return any && !over && _pieces.TryDequeue(out piece);
        }
    }

    /// <summary>The client has taken what was written for it.</summary>
    public void OnWritten()
    {
        bool wake;
        lock (_gate)
        {
            wake = Tell();
        }

        if (wake)
        {
            Wake();
        }
    }

    /// <summary>The client has taken so many bytes of DATA, or they are kept elsewhere.</summary>
    /// <returns>How much credit to give back now; 0 = not yet worth a frame.</returns>
    public int Consumed(int bytes)
    {
        lock (_gate)
        {
            _held -= bytes;
            _unreturnedCredit += bytes;
            if (_unreturnedCredit < Apps.Frame.InitialCredit / 2 || Ended)
            {
                return 0;
            }

            var credit = (int)_unreturnedCredit;
            _unreturnedCredit = 0;
            return credit;
        }
    }

    private void Hold(ReadOnlySpan<byte> data, bool takesCredit)
    {
        if (data.Length == 0)
        {
            return;
        }

        _held += takesCredit ? data.Length : 0;
        if (_held + _unreturnedCredit > Apps.Frame.InitialCredit)
        {
            throw new ProtocolViolationException("more DATA than the stream has credit for");
        }

        var buffer = ArrayPool<byte>.Shared.Rent(data.Length);
        data.CopyTo(buffer);
        _pieces.Enqueue(new AnswerPiece(buffer, data.Length, takesCredit, null, 0, 0));
    }

    private void DropPieces()
    {
        lock (_gate)
        {
            while (_pieces.TryDequeue(out var piece))
            {
                piece.Release();
            }
        }
    }
}

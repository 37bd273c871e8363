namespace Skitai.Engine.Apps;

/// <summary>What the sender of a streamed request body has to know.</summary>
internal sealed partial class AppRequest
{
    private TaskCompletionSource? _uploadNews;

    /// <summary>How many bytes of DATA may still go to the worker.</summary>
    public long UploadCredit { get; private set; }

    public UploadState Upload { get; private set; }

    /// <summary>The app has begun to read a body that is held back (Expect: 100-continue).</summary>
    public bool BodyWanted { get; private set; }

    /// <summary>WINDOW from the worker.</summary>
    public void TellWindow(uint credit)
    {
        lock (_gate)
        {
            UploadCredit += credit;
            BodyWanted = true;
            if (UploadCredit > int.MaxValue)
            {
                throw new ProtocolViolationException("WINDOW gives more credit than there can be");
            }

            _uploadNews?.TrySetResult();
        }
    }

    /// <summary>The answer is settled, or the worker is gone: no more of the body is wanted.</summary>
    public void StopUpload()
    {
        lock (_gate)
        {
            if (Upload == UploadState.None)
            {
                Upload = UploadState.Done;
            }

            _uploadNews?.TrySetResult();
        }
    }

    /// <summary>The upload came to its end. Wakes the one who answers when that end is not a good one.</summary>
    public void EndUpload(UploadState state)
    {
        var wake = false;
        lock (_gate)
        {
            if (Upload == UploadState.None)
            {
                Upload = state;
                wake = state != UploadState.Done && Tell();
            }
        }

        if (wake)
        {
            Wake();
        }
    }

    /// <summary>Takes up to <paramref name="most"/> bytes of credit; 0 when there is none.</summary>
    public int TakeUploadCredit(int most)
    {
        lock (_gate)
        {
            var taken = (int)Math.Min(most, UploadCredit);
            UploadCredit -= taken;
            return taken;
        }
    }

    /// <summary>Completes when there is credit (or, held back, when the app reads), or when the upload is to stop.</summary>
    public Task WaitForUploadNewsAsync(bool heldBack)
    {
        lock (_gate)
        {
            if (Upload != UploadState.None || Ended || (heldBack ? BodyWanted : UploadCredit > 0))
            {
                return Task.CompletedTask;
            }

            // Asynchronous: it is completed under the lock, by the worker's receive loop.
            _uploadNews = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _uploadNews.Task;
        }
    }
}

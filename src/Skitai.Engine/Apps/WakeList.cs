namespace Skitai.Engine.Apps;

/// <summary>The requests that one batch of frames has news for.</summary>
internal sealed class WakeList
{
    private AppRequest[] _requests = new AppRequest[32];
    private int _count;

    public void Add(AppRequest request)
    {
        if (_count == _requests.Length)
        {
            Array.Resize(ref _requests, _count * 2);
        }

        _requests[_count++] = request;
    }

    /// <summary>Wakes them all on this thread, in order, and is empty again.</summary>
    public void Run()
    {
        for (var i = 0; i < _count; i++)
        {
            var request = _requests[i];
            _requests[i] = null!;
            request.Wake();
        }

        _count = 0;
    }
}

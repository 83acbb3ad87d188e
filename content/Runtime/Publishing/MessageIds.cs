using System.Security.Cryptography;
using System.Text;

namespace ReWorker.Publishing;

/// <summary>Message ids that stay the same when a message is sent again, so that a requester can drop copies.</summary>
internal static class MessageIds
{
    public static string Status(string correlationId, string status)
    {
        var id = $"{correlationId}:{status}";
        if (ShortStrings.Fits(id)) return id;
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(correlationId));
        return $"{Convert.ToHexStringLower(digest)}:{status}";
    }
}

using System.Security.Cryptography;
using System.Text;

namespace ReWorker.Wire.Contract;

/// <summary>Message ids that are the same whenever the same message is sent again.</summary>
internal static class MessageIds
{
    /// <summary>The id of a status reply, by which a requester drops a copy.</summary>
    public static string Status(string correlationId, string status)
    {
        var id = $"{correlationId}:{status}";
        if (id.Length * 3 <= Names.ShortStringBytes || Encoding.UTF8.GetByteCount(id) <= Names.ShortStringBytes) return id;
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(correlationId));
        return $"{Convert.ToHexStringLower(digest)}:{status}";
    }
}
